package io.ratelimit.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ratelimit.Decision;
import io.ratelimit.Limit;
import io.ratelimit.RateLimiter;
import io.ratelimit.RateLimiterRegistry;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SettlingTests {

    private final AtomicLong nanos = new AtomicLong();
    private final RateLimiterRegistry registry =
            new RateLimiterRegistry(InMemoryRateLimitStore.create(nanos::get, 100), List.of());
    private final RateLimiter minute = registry.define(Limit.of("minute", "100/1m"));
    private final RateLimiter day = registry.define(Limit.of("day", "1000/1d"));

    @AfterEach
    void close() {
        registry.close();
    }

    @Test
    void unusedTokensAreRefunded() {
        Decision decision = minute.tryAcquire("acme", 80);
        assertThat(minute.settle(decision, 12.5)).isDone();
        assertThat(minute.peek("acme").remaining()).isEqualTo(87.5);
    }

    @Test
    void tokensUsedBeyondTheChargeBecomeADebt() {
        Decision decision = minute.tryAcquire("acme", 80);
        minute.settle(decision, 95.001);
        assertThat(minute.peek("acme").remaining()).isEqualTo(4.999);
        minute.settle(minute.tryAcquire("acme", 1), 1_000_000);
        assertThat(minute.peek("acme").resetAfter()).hasMinutes(2);
    }

    @Test
    void aDebtIsChargedToABucketThatIsFullAgain() {
        Decision decision = minute.tryAcquire("acme", 80);
        nanos.addAndGet(60_000_000_000L);
        ((InMemoryRateLimitStore) registry.store()).sweep();
        minute.settle(decision, 95);
        assertThat(minute.peek("acme").remaining()).isEqualTo(85);
    }

    @Test
    void refundReturnsTheChargesOfAllLimits() {
        Decision decision = registry.tryAcquire(List.of(minute.charge("acme", 80), day.charge("acme", 80)));
        registry.refund(decision);
        assertThat(minute.peek("acme").remaining()).isEqualTo(100);
        assertThat(day.peek("acme").remaining()).isEqualTo(1000);
    }

    @Test
    void chargesThatAreNotListedStayAsTheyAre() {
        Decision decision = registry.tryAcquire(List.of(minute.charge("acme", 80), day.charge("acme", 80)));
        registry.settle(decision, List.of(day.charge("acme", 100)));
        assertThat(minute.peek("acme").remaining()).isEqualTo(20);
        assertThat(day.peek("acme").remaining()).isEqualTo(900);
    }

    @Test
    void chargesOfTheSameBucketAddUp() {
        Decision decision = registry.tryAcquire(List.of(minute.charge("acme", 30), minute.charge("acme", 20)));
        registry.settle(decision, List.of(minute.charge("acme", 10), minute.charge("acme", 10)));
        assertThat(minute.peek("acme").remaining()).isEqualTo(80);
        registry.settle(minute.tryAcquire("acme", 80), List.of());
        assertThat(minute.peek("acme").remaining()).isZero();
    }

    @Test
    void aDecisionCanBeSettledOnce() {
        Decision decision = minute.tryAcquire("acme", 80);
        registry.refund(decision);
        assertThatThrownBy(() -> minute.settle(decision, 0))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("The decision was settled before; settle each decision once");
        assertThat(minute.peek("acme").remaining()).isEqualTo(100);
    }

    @ParameterizedTest
    @ValueSource(doubles = {-0.001, Double.NaN, Double.POSITIVE_INFINITY})
    void aBadCostSettlesNothing(double used) {
        Decision decision = minute.tryAcquire("acme", 80);
        assertThatIllegalArgumentException().isThrownBy(() -> minute.settle(decision, used));
        assertThat(minute.peek("acme").remaining()).isEqualTo(20);
        minute.settle(decision, 0);
        assertThat(minute.peek("acme").remaining()).isEqualTo(100);
    }

    @Test
    void tokensThatCouldHaveRefilledAreNotRefunded() {
        Decision decision = minute.tryAcquire("acme", 80);
        nanos.addAndGet(60_000_000_000L);
        minute.tryAcquire("acme", 50);
        minute.settle(decision, 0);
        assertThat(minute.peek("acme").remaining()).isEqualTo(50);
    }

    @Test
    void aRejectionAndADecisionOfAnotherLimitCannotBeSettled() {
        minute.tryAcquire("acme", 80);
        Decision rejected = minute.tryAcquire("acme", 80);
        assertThatThrownBy(() -> minute.settle(rejected, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("The decision was not admitted and consumed nothing; settle admitted decisions only");
        Decision other = day.tryAcquire("acme", 80);
        assertThatThrownBy(() -> minute.settle(other, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("not one of limit \"minute\" alone");
        assertThatThrownBy(() -> registry.settle(other, List.of(minute.charge("acme", 1))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("No charge of limit \"minute\"");
        assertThatThrownBy(() -> day.settle(other, -1)).isInstanceOf(IllegalArgumentException.class);
        day.settle(other, 0);
        assertThat(day.peek("acme").remaining()).isEqualTo(1000);
    }
}
