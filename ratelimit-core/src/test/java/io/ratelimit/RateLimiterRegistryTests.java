package io.ratelimit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ratelimit.algorithm.Algorithm;
import io.ratelimit.algorithm.InvalidLimitException;
import io.ratelimit.memory.InMemoryRateLimitStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.StreamHandler;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

class RateLimiterRegistryTests {

    private final AtomicLong nanos = new AtomicLong();
    private final List<String> events = new ArrayList<>();
    private final RateLimiterRegistry registry =
            new RateLimiterRegistry(InMemoryRateLimitStore.create(nanos::get, 100), List.of(new Recording()));

    @Test
    void aLimiterCanBeUsedWithoutARegistry() {
        RateLimiter limiter = InMemoryRateLimitStore.newLimiter("10/1d");
        for (int i = 0; i < 10; i++) {
            assertThat(limiter.tryAcquire("user-42").admitted()).isTrue();
        }
        assertThat(limiter.tryAcquire("user-42").admitted()).isFalse();
        assertThat(limiter.tryAcquire("user-43").admitted()).isTrue();
        assertThat(limiter.name()).isEqualTo("default");
    }

    @Test
    void aCallCostsWhatTheLimitSaysUnlessItHasACostOfItsOwn() {
        RateLimiter limiter = registry.define(Limit.named("a")
                .rates("10/s")
                .cost(new java.math.BigDecimal("2.5"))
                .build());
        assertThat(limiter.tryAcquire("key").remaining()).isEqualTo(7.5);
        assertThat(limiter.tryAcquire("key", 0.0001).remaining()).isEqualTo(7.499);
        assertThat(limiter.tryAcquireAsync("key").toCompletableFuture().join().remaining())
                .isEqualTo(4.999);
        assertThat(limiter.tryAcquireAsync("key", 1)
                        .toCompletableFuture()
                        .join()
                        .remaining())
                .isEqualTo(3.999);
        assertThat(limiter.tryAcquire().remaining()).isEqualTo(7.5);
    }

    @ParameterizedTest
    @ValueSource(doubles = {-1, -0.001, Double.NaN, Double.POSITIVE_INFINITY})
    void aBadCostFromCodeIsAnIllegalArgument(double cost) {
        RateLimiter limiter = registry.define(Limit.of("a", "10/s"));
        assertThatThrownBy(() -> limiter.tryAcquire("key", cost)).isExactlyInstanceOf(IllegalArgumentException.class);
        assertThat(limiter.peek("key").remaining()).isEqualTo(10);
    }

    @Test
    void peekNeitherConsumesNorCounts() {
        RateLimiter limiter = registry.define(Limit.of("a", "10/s"));
        limiter.tryAcquire("key", 4);
        events.clear();
        assertThat(limiter.peek("key").remaining()).isEqualTo(6);
        assertThat(limiter.peek("key").remaining()).isEqualTo(6);
        assertThat(events).isEmpty();
        assertThat(limiter.count(true, DecisionSource.STORE)).isEqualTo(1);
    }

    @Test
    void withoutListenersItCountsOnlyOnRequest() {
        RateLimiter uncounted = InMemoryRateLimitStore.newRegistry().define(Limit.of("a", "10/s"));
        uncounted.tryAcquire("key");
        assertThat(uncounted.count(true, DecisionSource.STORE)).isZero();

        RateLimiterRegistry counting = new RateLimiterRegistry(InMemoryRateLimitStore.create(), List.of(), true);
        RateLimiter counted = counting.define(Limit.of("a", "10/s"));
        counted.tryAcquire("key");
        counting.tryAcquire(List.of(counted.charge("key", 1), counted.charge("other", 1)));
        assertThat(counted.count(true, DecisionSource.STORE)).isEqualTo(2);
    }

    @Test
    void aReplacedLimitKeepsItsCountsAndAnotherRegistryDoesNotChangeThem() {
        RateLimiter limiter = registry.define(Limit.of("a", "10/s"));
        limiter.tryAcquire("key");
        registry.replace(Limit.of("a", "20/s"));
        limiter.tryAcquire("key");
        assertThat(limiter.count(true, DecisionSource.STORE)).isEqualTo(2);

        try (RateLimiterRegistry other = InMemoryRateLimitStore.newRegistry()) {
            other.define(limiter.limit()).tryAcquire("key");
        }
        assertThat(limiter.count(true, DecisionSource.STORE)).isEqualTo(2);
    }

    @Test
    void resetsOneKey() {
        RateLimiter limiter = registry.define(Limit.of("a", "10/s"));
        limiter.tryAcquire("key", 4);
        limiter.tryAcquire("other", 4);
        limiter.reset("key");
        assertThat(limiter.peek("key").remaining()).isEqualTo(10);
        assertThat(limiter.peek("other").remaining()).isEqualTo(6);
    }

    @Test
    void definesReplacesRemovesAndLists() {
        RateLimiter limiter = registry.define(Limit.of("a", "10/s"));
        registry.define(Limit.of("b", "10/s"));
        assertThat(registry.get("a")).isSameAs(limiter);
        assertThat(registry.all()).extracting(RateLimiter::name).containsExactlyInAnyOrder("a", "b");
        assertThatThrownBy(() -> registry.define(Limit.of("a", "1/s")))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("Limit \"a\" is already defined; use replace");

        limiter.tryAcquire("key", 8);
        assertThat(registry.replace(Limit.of("a", "20/s"))).isSameAs(limiter);
        assertThat(limiter.limit()).isEqualTo(Limit.of("a", "20/s"));
        assertThat(limiter.tryAcquire("key").remaining()).isEqualTo(1);

        assertThat(registry.remove("a")).isTrue();
        assertThat(registry.remove("a")).isFalse();
        assertThat(registry.all()).extracting(RateLimiter::name).containsExactly("b");
        assertThatThrownBy(() -> limiter.tryAcquire("key")).isInstanceOf(UnknownLimitException.class);
        assertThatThrownBy(() -> registry.get("a")).isInstanceOf(UnknownLimitException.class);
        assertThatThrownBy(() -> registry.replace(Limit.of("a", "1/s"))).isInstanceOf(UnknownLimitException.class);
    }

    @Test
    void notifiesItsListeners() {
        RateLimiter limiter = registry.define(Limit.of("a", "1/s"));
        limiter.tryAcquire("key");
        limiter.tryAcquire("key");
        limiter.tryAcquireAsync("key").toCompletableFuture().join();
        registry.replace(Limit.of("a", "2/s"));
        registry.remove("a");
        assertThat(events)
                .containsExactly(
                        "defined a", "admitted a", "rejected a", "rejected a", "replaced a by 2/s", "removed a");
    }

    @Test
    void aListenerThatFailsAffectsNeitherCallsNorOtherListeners() {
        RateLimiterRegistry guarded =
                new RateLimiterRegistry(registry.store(), List.of(new Failing(), new Recording()));
        assertThat(guarded.define(Limit.of("a", "1/s")).tryAcquire("key").admitted())
                .isTrue();
        guarded.replace(Limit.of("a", "2/s"));
        guarded.remove("a");
        assertThat(events).containsExactly("defined a", "admitted a", "replaced a by 2/s", "removed a");
    }

    @Test
    void acquiresOneChargeWithoutAList() {
        RateLimiter limiter = registry.define(Limit.of("a", "1/s"));
        assertThat(registry.acquire(limiter.charge("key", 1), Duration.ZERO).admitted())
                .isTrue();
        assertThat(registry.acquire(limiter.charge("key", 1), Duration.ZERO).admitted())
                .isFalse();
        assertThat(registry.acquire(limiter.charge("key", 0.001), Duration.ofMillis(2))
                        .waited())
                .isEqualTo(Duration.ofMillis(1));
        assertThat(limiter.count(true, DecisionSource.STORE)).isEqualTo(2);
        assertThat(limiter.count(false, DecisionSource.STORE)).isEqualTo(1);
        assertThat(events).containsExactly("defined a", "admitted a", "rejected a", "admitted a");
        assertThatThrownBy(() -> registry.acquire(limiter.charge("key", 1), Duration.ofSeconds(-1)))
                .isInstanceOf(InvalidLimitException.class);
    }

    @Test
    void aLeasedChargeThatIsUsedTwiceHoldsTwoLeases() {
        RateLimiter limiter = registry.define(
                Limit.named("a").maxConcurrent(2, Duration.ofSeconds(30)).build());
        Charge charge = limiter.charge("key", 1);
        Decision first = registry.acquire(charge, Duration.ZERO);
        registry.acquire(charge, Duration.ZERO);
        assertThat(registry.acquire(charge, Duration.ZERO).admitted()).isFalse();
        registry.release(first).toCompletableFuture().join();
        assertThat(registry.acquire(charge, Duration.ZERO).admitted()).isTrue();
    }

    @Test
    void countsARejectedCallOnTheLimitsThatRejectedIt() {
        RateLimiter a = registry.define(Limit.of("a", "1/s"));
        RateLimiter b = registry.define(Limit.of("b", "10/s"));
        assertThat(registry.tryAcquire(List.of(a.charge("key", 1), b.charge("key", 1)))
                        .admitted())
                .isTrue();
        assertThat(registry.tryAcquire(List.of(b.charge("key", 1), a.charge("key", 1)))
                        .admitted())
                .isFalse();
        registry.tryAcquireAsync(List.of(b.charge("key", 11), a.charge("key", 0.5)))
                .toCompletableFuture()
                .join();
        assertThat(a.count(true, DecisionSource.STORE)).isEqualTo(1);
        assertThat(b.count(true, DecisionSource.STORE)).isEqualTo(1);
        assertThat(a.count(false, DecisionSource.STORE)).isEqualTo(2);
        assertThat(b.count(false, DecisionSource.STORE)).isEqualTo(1);
        assertThat(a.count(false, DecisionSource.LOCAL)).isZero();
        assertThat(b.peek("key").remaining()).isEqualTo(9);
    }

    @Test
    void countsAnAdmittedCallOnceForEachLimit() {
        RateLimiter a = registry.define(Limit.of("a", "10/s"));
        registry.tryAcquire(List.of(a.charge("key", 1), a.charge("other", 1), a.charge("key", 2)));
        assertThat(a.count(true, DecisionSource.STORE)).isEqualTo(1);
        assertThat(a.peek("key").remaining()).isEqualTo(7);
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(strings = {"", " ", "\t\n", "\u3000", "\u2003 "})
    void throwsOnAnEmptyKey(String key) {
        RateLimiter limiter = registry.define(Limit.of("a", "1/s"));
        assertThatThrownBy(() -> limiter.tryAcquire(key))
                .isInstanceOf(EmptyKeyException.class)
                .hasMessage(
                        "Empty key for limit \"a\": null or blank; give a key, or none at all for one shared bucket");
        assertThatThrownBy(() -> limiter.tryAcquire(key, 1)).isInstanceOf(EmptyKeyException.class);
        assertThatThrownBy(() -> limiter.tryAcquireAsync(key)).isInstanceOf(EmptyKeyException.class);
        assertThatThrownBy(() -> limiter.charge(key, 1)).isInstanceOf(EmptyKeyException.class);
        assertThat(limiter.tryAcquire().admitted()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(doubles = {-0.001, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
    void throwsOnAnInvalidCostAndConsumesNothing(double cost) {
        RateLimiter limiter = registry.define(Limit.of("a", "1/s"));
        assertThatThrownBy(() -> limiter.tryAcquire("key", cost)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> limiter.tryAcquireAsync("key", cost)).isInstanceOf(IllegalArgumentException.class);
        assertThat(limiter.peek("key").remaining()).isEqualTo(1);
    }

    @Test
    void throwsOnAnInvalidWaitAlsoForLimitsThatCannotWait() {
        List<Charge> counted = Stream.of("a", "b")
                .map(name -> registry.define(Limit.named(name)
                        .rates("1/1h")
                        .algorithm(Algorithm.SLIDING_WINDOW_COUNTER)
                        .build()))
                .map(limiter -> limiter.charge("key", 1))
                .toList();
        for (Duration wait : List.of(Duration.ofSeconds(-1), Duration.ofSeconds(Long.MAX_VALUE))) {
            assertThatThrownBy(() -> registry.acquire(counted, wait))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("Invalid wait " + wait + ": use zero");
        }
        assertThat(registry.acquire(counted, Duration.ofDays(1)).admitted()).isTrue();
    }

    @Test
    void refillsAsTimePasses() {
        RateLimiter limiter = registry.define(Limit.of("a", "10/s"));
        limiter.tryAcquire("key", 10);
        Duration wait = limiter.tryAcquire("key").retryAfter().orElseThrow();
        nanos.addAndGet(wait.toNanos() - 1);
        assertThat(limiter.tryAcquire("key").admitted()).isFalse();
        nanos.incrementAndGet();
        assertThat(limiter.tryAcquire("key").admitted()).isTrue();
    }

    private static final class Failing implements RateLimitListener {

        @Override
        public void onDecision(Decision decision) {
            throw new NoClassDefFoundError("a listener that fails on purpose");
        }

        @Override
        public void onDefined(Limit limit) {
            throw new IllegalStateException("a listener that fails on purpose");
        }

        @Override
        public void onReplaced(Limit limit) {
            throw new IllegalStateException("a listener that fails on purpose");
        }

        @Override
        public void onRemoved(Limit limit) {
            throw new IllegalStateException("a listener that fails on purpose");
        }
    }

    private final class Recording implements RateLimitListener {

        @Override
        public void onDecision(Decision decision) {
            events.add((decision.admitted() ? "admitted " : "rejected ")
                    + decision.charges().get(0).limit().name());
        }

        @Override
        public void onDefined(Limit limit) {
            events.add("defined " + limit.name());
        }

        @Override
        public void onReplaced(Limit limit) {
            events.add("replaced " + limit.name() + " by " + limit.rates().get(0));
        }

        @Override
        public void onRemoved(Limit limit) {
            events.add("removed " + limit.name());
        }
    }

    @Test
    void warnsOfARateThatNeverRejects() {
        List<String> warnings = new ArrayList<>();
        Logger logger = Logger.getLogger(RateLimiterRegistry.class.getName());
        Handler handler = new StreamHandler() {
            @Override
            public void publish(LogRecord event) {
                warnings.add(event.getLevel() + " " + event.getMessage());
            }
        };
        logger.addHandler(handler);
        try (RateLimiterRegistry registry = InMemoryRateLimitStore.newRegistry()) {
            registry.define(Limit.of("report", "10/s", "1000/1m"));
            registry.replace(Limit.of("report", "10/s", "100/1m"));
        } finally {
            logger.removeHandler(handler);
        }
        assertThat(warnings)
                .containsExactly(
                        "WARNING Rate 1000/m of limit \"report\" never rejects a call that 10/s admits; remove it, or"
                                + " make it stricter");
    }
}
