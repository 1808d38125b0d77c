package io.ratelimit.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.micrometer.core.instrument.MockClock;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.ratelimit.Charge;
import io.ratelimit.Limit;
import io.ratelimit.StoreUnavailableException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class MeteredStoreTests {

    private final MockClock clock = new MockClock();
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry(SimpleConfig.DEFAULT, clock);
    private final UnreliableStore remote = new UnreliableStore(clock, Duration.ofMillis(3));
    private final MeteredStore store = new MeteredStore(remote, registry);
    private final Charge charge = new Charge(Limit.of("search", "1/s"), "user-42", 1_000);

    @AfterEach
    void close() {
        store.close();
    }

    @Test
    void bothTimersAreThereBeforeTheFirstCall() {
        assertThat(timer("success").count()).isZero();
        assertThat(timer("failure").count()).isZero();
    }

    @Test
    void anAnswerIsTimedAsASuccessWhateverItIs() {
        assertThat(store.decide(charge).admitted()).isTrue();
        assertThat(store.decide(List.of(charge), Duration.ZERO).admitted()).isFalse();

        assertThat(timer("success").count()).isEqualTo(2);
        assertThat(timer("success").totalTime(TimeUnit.MILLISECONDS)).isEqualTo(6);
        assertThat(timer("failure").count()).isZero();
    }

    @Test
    void aStoreThatDoesNotAnswerIsTimedAsAFailure() {
        remote.fail();

        assertThatExceptionOfType(StoreUnavailableException.class).isThrownBy(() -> store.decide(charge));

        assertThat(timer("failure").count()).isEqualTo(1);
        assertThat(timer("failure").totalTime(TimeUnit.MILLISECONDS)).isEqualTo(3);
        assertThat(timer("success").count()).isZero();
    }

    @Test
    void decisionsThatDoNotBlockAreTimedTheSame() {
        assertThat(store.decideAsync(List.of(charge), Duration.ZERO).toCompletableFuture())
                .isCompletedWithValueMatching(d -> d.admitted());
        remote.fail();
        assertThat(store.decideAsync(List.of(charge), Duration.ZERO).toCompletableFuture())
                .isCompletedExceptionally();

        assertThat(timer("success").totalTime(TimeUnit.MILLISECONDS)).isEqualTo(3);
        assertThat(timer("failure").totalTime(TimeUnit.MILLISECONDS)).isEqualTo(3);
    }

    @Test
    void everythingElseIsTheStoreItself() {
        store.decide(charge);
        store.reset(charge.limit(), charge.key());
        assertThat(store.decide(charge).admitted()).isTrue();
        assertThat(store.name()).isEqualTo("slow");

        store.close();

        assertThat(remote.isClosed()).isTrue();
    }

    private Timer timer(String outcome) {
        return registry.get("ratelimit.store")
                .tags("store", "slow", "outcome", outcome)
                .timer();
    }
}
