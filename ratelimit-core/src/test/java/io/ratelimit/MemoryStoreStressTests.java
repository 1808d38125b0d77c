package io.ratelimit;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;
import org.junit.jupiter.api.Test;

/** Charges, sweeps, evictions, shared buckets and redefinitions at once, on a clock that stands: capacity is conserved. */
class MemoryStoreStressTests {

    private static final int KEYS = 40;
    private static final Limit SMALL = limit("limit", "100/s");
    private static final Limit LARGE = limit("limit", "150/s");
    private static final Limit SEVERAL = limit("several", "100/s", "120/1m");

    @Test
    void withRoomForAllEachKeyIsGrantedItsCapacityAndNoMore() throws Exception {
        MemoryStore store = MemoryStore.create(() -> 0, KEYS * 2);
        AtomicLongArray granted = run(store, List.of(SMALL));
        for (int key = 0; key < KEYS; key++) {
            assertThat(granted.get(key)).as("key %d", key).isEqualTo(100);
            assertThat(store.decide(new Charge(SMALL, "key-" + key, 0)).remaining())
                    .isZero();
        }
        assertThat(store.keys()).isLessThanOrEqualTo(KEYS * 2);
    }

    @Test
    void redefinitionsGrantAtMostTheLargerCapacity() throws Exception {
        AtomicLongArray granted = run(MemoryStore.create(() -> 0, KEYS * 2), List.of(SMALL, LARGE));
        for (int key = 0; key < KEYS; key++) {
            assertThat(granted.get(key)).as("key %d", key).isBetween(100L, 150L);
        }
    }

    @Test
    void evictionsGrantAtMostHalfACapacityEach() throws Exception {
        MemoryStore store = MemoryStore.create(() -> 0, KEYS / 4);
        AtomicLongArray granted = run(store, List.of(SMALL));
        long total = 0;
        for (int key = 0; key < KEYS; key++) {
            total += granted.get(key);
        }
        assertThat(store.evictions() + store.overflows()).isPositive();
        assertThat(total).isLessThanOrEqualTo(100L * KEYS + 50 * store.evictions());
        assertThat(store.keys()).isLessThanOrEqualTo(KEYS / 4);
    }

    /** What was granted to each key of the limits, of whichever configuration; a second limit is charged together with it. */
    private static AtomicLongArray run(MemoryStore store, List<Limit> limits) throws Exception {
        AtomicLongArray granted = new AtomicLongArray(KEYS);
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
                    List<Charge> charges = random.nextInt(3) > 0
                            ? List.of(charge)
                            : Charge.merged(List.of(charge, new Charge(SEVERAL, "key-" + (key + 1) % KEYS, 0)));
                    if (store.decide(charges).admitted()) {
                        granted.incrementAndGet(key);
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
