package io.ratelimit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.ratelimit.memory.InMemoryRateLimitStore;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class RateLimitExceededExceptionTests {

    private final RateLimiterRegistry registry =
            new RateLimiterRegistry(InMemoryRateLimitStore.create(() -> 0, 100), List.of());
    private final RateLimiter search = registry.define(Limit.of("search", "10/s"));

    @Test
    void hasLimitRateCostRemainingAndRetryAfterButNotTheKey() {
        search.tryAcquire("secret-key", 9.5);
        RateLimitExceededException ex = rejected(2);
        assertThat(ex).hasMessage("Rate limit \"search\" (10/s) exceeded: cost 2, remaining 0.5, retry after 0.2s");
        assertThat(ex.getLimit()).isEqualTo("search");
        assertThat(ex.getRate()).contains("10/s");
        assertThat(ex.getCost()).isEqualTo(2);
        assertThat(ex.getRemaining()).isEqualTo(0.5);
        assertThat(ex.getRetryAfter()).contains(Duration.ofMillis(150));
        assertThat(ex.getSource()).isEqualTo(DecisionSource.STORE);
        assertThat(ex.getDecision()).isPresent();
        assertThat(ex.toString()).doesNotContain("secret");
    }

    @Test
    void writesAWholeSecondWithItsNumber() {
        search.tryAcquire("secret-key", 10);
        assertThat(rejected(10)).hasMessageEndingWith("retry after 1s");
    }

    @Test
    void saysThatACallIsNeverAdmitted() {
        RateLimitExceededException ex = rejected(10.5);
        assertThat(ex).hasMessage("Rate limit \"search\" (10/s) exceeded: cost 10.5, remaining 10, never admitted");
        assertThat(ex.getRetryAfter()).isEmpty();
    }

    @Test
    void writesTenthsOfSecondsAndOfTokensRoundedSoThatTheCallerIsAdmitted() {
        RateLimiter slow = registry.define(Limit.of("slow", "1/10s burst 3"));
        slow.tryAcquire("secret-key", 2.941);
        assertThatThrownBy(() -> slow.tryAcquire("secret-key", 0.367).orThrow())
                .hasMessage("Rate limit \"slow\" (1/10s burst 3) exceeded: cost 0.367, remaining 0, retry after 3.1s");
        assertThat(slow.tryAcquire("secret-key", 0.367))
                .hasToString("rejected by slow 1/10s burst 3, remaining 0, retry after 3.1s");
    }

    @Test
    void saysACostThatIsMoreThanCanBeCountedAsPeopleWriteIt() {
        assertThat(rejected(1e300))
                .hasMessage("Rate limit \"search\" (10/s) exceeded: cost 9007199254740 or more, remaining 10, "
                        + "never admitted");
    }

    @Test
    void saysThatTheStoreIsUnavailable() {
        Charge charge = search.charge("secret-key", 1);
        RateLimitExceededException ex =
                new RateLimitExceededException(Decision.withoutStore(List.of(charge), false, DecisionSource.POLICY));
        assertThat(ex).hasMessage("Rate limit \"search\" rejected the call: its store is unavailable");
        assertThat(ex.getRate()).isEmpty();
        assertThat(ex.getRetryAfter()).isEmpty();
        assertThat(ex.getSource()).isEqualTo(DecisionSource.POLICY);
    }

    @Test
    void namesTheLimitThatRejectedAmongSeveral() {
        RateLimiter other = registry.define(Limit.of("other", "1/s"));
        other.tryAcquire("secret-key");
        Decision decision = registry.tryAcquire(List.of(search.charge("secret-key", 3), other.charge("secret-key", 1)));
        RateLimitExceededException ex = catchThrowableOfType(RateLimitExceededException.class, decision::orThrow);
        assertThat(ex.getLimit()).isEqualTo("other");
        assertThat(ex.getCost()).isEqualTo(1);
    }

    @Test
    void canBeCreatedWithoutADecision() {
        assertThat(new RateLimitExceededException("search", Duration.ofSeconds(90)))
                .hasMessage("Rate limit \"search\" exceeded: retry after 1m30s");
        assertThat(new RateLimitExceededException("search", Duration.ZERO))
                .hasMessage("Rate limit \"search\" exceeded: retry after 0s");
        assertThat(new RateLimitExceededException("search", null))
                .hasMessage("Rate limit \"search\" exceeded: never admitted");
    }

    @Test
    void survivesSerializationWithoutItsDecision() throws Exception {
        search.tryAcquire("secret-key", 10);
        RateLimitExceededException ex = rejected(1);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        new ObjectOutputStream(bytes).writeObject(ex);
        RateLimitExceededException copy = (RateLimitExceededException)
                new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray())).readObject();
        assertThat(copy).hasMessage(ex.getMessage());
        assertThat(copy.getRetryAfter()).isEqualTo(ex.getRetryAfter());
        assertThat(copy.getLimit()).isEqualTo("search");
        assertThat(copy.getDecision()).isEmpty();
        assertThat(bytes.toString(java.nio.charset.StandardCharsets.ISO_8859_1)).doesNotContain("secret");
    }

    private RateLimitExceededException rejected(double cost) {
        return catchThrowableOfType(
                RateLimitExceededException.class,
                () -> search.tryAcquire("secret-key", cost).orThrow());
    }
}
