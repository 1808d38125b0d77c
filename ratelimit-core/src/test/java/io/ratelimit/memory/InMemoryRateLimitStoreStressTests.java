package io.ratelimit.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.Charge;
import io.ratelimit.Limit;
import io.ratelimit.RateLimiter;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.UnknownLimitException;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLongArray;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Concurrent charges, sweeps, evictions, shared buckets and reconfigurations on a stopped clock, which conserve
 * capacity, and removals, which leave nothing behind.
 */
@Tag("slow")
class InMemoryRateLimitStoreStressTests {

    private static final int KEYS = 40;
    private static final Limit SMALL = limit("limit", "100/s");
    private static final Limit LARGE = limit("limit", "150/s");
    private static final Limit SEVERAL = limit("several", "1000000/s", "2000000/1m");

    @Test
    void withRoomForAllKeysEachIsGrantedExactlyItsCapacity() throws Exception {
        InMemoryRateLimitStore store = InMemoryRateLimitStore.create(() -> 0, KEYS * 2);
        AtomicLongArray granted = run(store, List.of(SMALL));
        for (int key = 0; key < KEYS; key++) {
            assertThat(granted.get(key)).as("key %d", key).isEqualTo(100);
            assertThat(left(store, SMALL, key)).isZero();
            assertThat(1_000_000 - left(store, SEVERAL, key)).isEqualTo(granted.get(KEYS + key));
        }
        assertThat(store.keys()).isLessThanOrEqualTo(KEYS * 2);
    }

    @Test
    void reconfigurationsGrantAtMostTheLargerCapacity() throws Exception {
        AtomicLongArray granted = run(InMemoryRateLimitStore.create(() -> 0, KEYS * 2), List.of(SMALL, LARGE));
        for (int key = 0; key < KEYS; key++) {
            assertThat(granted.get(key)).as("key %d", key).isBetween(100L, 150L);
        }
    }

    @Test
    void evictionsGrantAtMostHalfACapacityEach() throws Exception {
        InMemoryRateLimitStore store = InMemoryRateLimitStore.create(() -> 0, KEYS / 4);
        AtomicLongArray granted = run(store, List.of(SMALL));
        long total = 0;
        for (int key = 0; key < KEYS; key++) {
            total += granted.get(key);
        }
        assertThat(store.evictions() + store.overflows()).isPositive();
        assertThat(total).isLessThanOrEqualTo(100L * KEYS + 50 * store.evictions());
        assertThat(store.keys()).isLessThanOrEqualTo(KEYS / 4);
    }

    @Test
    void callsOfTwoKeysCompleteWithRoomForOne() throws Exception {
        AtomicLongArray granted = run(InMemoryRateLimitStore.create(() -> 0, 1), List.of(SMALL));
        assertThat(granted.get(0)).isPositive();
    }

    @Test
    void limitsThatAreRemovedWhileTheyAreCalledLeaveNoBucket() throws Exception {
        InMemoryRateLimitStore store = InMemoryRateLimitStore.create(() -> 0, 2);
        AtomicBoolean done = new AtomicBoolean();
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try (RateLimiterRegistry registry = new RateLimiterRegistry(store, List.of())) {
            List<Future<?>> callers = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                callers.add(threads.submit(() -> {
                    while (!done.get()) {
                        callLate(registry);
                    }
                }));
            }
            for (int i = 0; i < 20_000; i++) {
                registry.define(SMALL);
                registry.define(SEVERAL);
                registry.remove(SMALL.name());
                registry.remove(SEVERAL.name());
            }
            done.set(true);
            for (Future<?> caller : callers) {
                caller.get(30, TimeUnit.SECONDS);
            }
            store.sweep();
            assertThat(store.keys()).isZero();
        } finally {
            done.set(true);
            threads.shutdown();
        }
    }

    /** Charges all limits of a registry in the store, which may be removed at any time. */
    private static void callLate(RateLimiterRegistry registry) {
        for (RateLimiter limiter : registry.all()) {
            for (int key = 0; key < 4; key++) {
                try {
                    registry.store().decide(limiter.charge("key-" + key, 100));
                } catch (UnknownLimitException ignored) {
                    return;
                }
            }
        }
    }

    private static double left(InMemoryRateLimitStore store, Limit limit, int key) {
        return store.decide(new Charge(limit, "key-" + key, 0)).remaining();
    }

    /**
     * Returns the tokens granted to each key of the limits, and then to the keys that were charged together with them.
     */
    private static AtomicLongArray run(InMemoryRateLimitStore store, List<Limit> limits) throws Exception {
        AtomicLongArray granted = new AtomicLongArray(2 * KEYS);
        int threads = 4;
        CountDownLatch ready = new CountDownLatch(threads);
        ExecutorService executor = Executors.newFixedThreadPool(threads + 1);
        List<Future<?>> running = new ArrayList<>();
        CountDownLatch done = new CountDownLatch(threads);
        for (int thread = 0; thread < threads; thread++) {
            Random random = new Random(thread);
            running.add(executor.submit(() -> {
                ready.countDown();
                ready.await();
                for (int i = 0; i < 40_000; i++) {
                    int key = random.nextInt(KEYS);
                    Limit limit = limits.get(random.nextInt(limits.size()));
                    Charge charge = new Charge(limit, "key-" + key, 1000);
                    int other = (key + 1) % KEYS;
                    List<Charge> charges = random.nextInt(3) > 0
                            ? List.of(charge)
                            : Charge.merged(List.of(charge, new Charge(SEVERAL, "key-" + other, 1000)));
                    if (store.decide(charges, Duration.ZERO).admitted()) {
                        granted.incrementAndGet(key);
                        granted.addAndGet(KEYS + other, charges.size() - 1);
                    }
                }
                done.countDown();
                return null;
            }));
        }
        running.add(executor.submit(() -> {
            while (!done.await(1, TimeUnit.MILLISECONDS)) {
                store.sweep();
            }
            return null;
        }));
        for (Future<?> each : running) {
            each.get(60, TimeUnit.SECONDS);
        }
        executor.shutdownNow();
        store.close();
        return granted;
    }

    private static Limit limit(String name, String... rates) {
        return Limit.named(name).rates(rates).cost(BigDecimal.ZERO).build();
    }
}
