package io.ratelimit.test;

import static io.ratelimit.test.ContractLimits.limit;
import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.Limit;
import io.ratelimit.RateLimitStore;
import io.ratelimit.RateLimiter;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.test.DecisionLog.Verdict;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.IntToLongFunction;
import org.junit.jupiter.api.Test;

/** Checks that concurrent decisions have the same results as decisions made one after the other. */
abstract class StoreConcurrencyContract extends StoreContractSection {

    private static final int THREADS = 8;
    private static final int KEYS = 3;
    private static final int WAITERS = 1_000;
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final long SEED = Long.getLong("io.ratelimit.contract.seed", System.nanoTime());

    StoreConcurrencyContract(TestedStore tested) {
        super(tested);
    }

    @Test
    void sixtyFourThreadsConsumeABurstOfTenOnce() throws Exception {
        Limit limit = Limit.of("burst", "5/s burst 10");
        Charge charge = new Charge(limit, "key", 1000);
        assertThat(together(64, thread -> {
                    long admitted = 0;
                    for (int i = 0; i < 5; i++) {
                        boolean now = (thread + i) % 2 == 0;
                        Decision decision = now ? store.decide(charge) : await(store, List.of(charge));
                        admitted += decision.admitted() ? 1 : 0;
                    }
                    return admitted;
                }))
                .isEqualTo(10);
        assertThat(store.decide(new Charge(limit, "key", 0)).remaining()).isZero();
    }

    @Test
    void concurrentCallsOfTwoLimitsNeverConsumeFromOnlyOne() throws Exception {
        Limit small = Limit.of("small", "50/1h");
        Limit large = Limit.of("large", "80/1h", "1000/1d");
        List<Charge> both = Charge.merged(List.of(new Charge(small, "key", 1000), new Charge(large, "key", 1000)));
        List<Charge> one = List.of(new Charge(large, "key", 1000));
        long admitted = together(THREADS, thread -> {
            long taken = 0;
            for (int i = 0; i < 40; i++) {
                boolean alone = (thread + i) % 4 == 0;
                taken += store.decide(alone ? one : both, Duration.ZERO).admitted() ? alone ? 1 : 1000 : 0;
            }
            return taken;
        });
        long together = admitted / 1000;
        long alone = admitted % 1000;
        assertThat(store.decide(new Charge(small, "key", 0)).remaining()).isEqualTo(50 - together);
        assertThat(store.decide(new Charge(large, "key", 0)).remaining()).isEqualTo(80 - together - alone);
        assertThat(together + alone).isEqualTo(80);
    }

    @Test
    void concurrentCallsInRealTimeConsumeNeitherMoreNorLessThanTheRate() throws Exception {
        Limit limit = Limit.of("flow", "2000/s burst 50");
        List<DecisionLog> logs = new ArrayList<>();
        for (int key = 0; key < KEYS; key++) {
            logs.add(new DecisionLog());
        }
        long start = System.nanoTime();
        try (RateLimitStore live = tested.createRealTimeStore()) {
            long until = start + TimeUnit.MILLISECONDS.toNanos(400);
            together(THREADS, thread -> {
                long calls = 0;
                while (calls < 200 || System.nanoTime() < until && calls < 5_000) {
                    int key = (int) (calls % (2 * KEYS) < KEYS ? 0 : calls % KEYS);
                    Charge charge = new Charge(limit, "key-" + key, 500 + 250 * (calls % 3));
                    long from = System.nanoTime();
                    Decision decision = calls % 2 == 0 ? live.decide(charge) : await(live, List.of(charge));
                    logs.get(key).add(from, System.nanoTime(), charge.cost(), decision.admitted());
                    calls++;
                }
                return calls;
            });
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        for (DecisionLog log : logs) {
            assertThat(log.check(limit.rates().get(0))).isEqualTo(Verdict.POSSIBLE);
            assertThat(log.admittedTokens()).isBetween(50.0, 50 + 2000 * seconds);
        }
    }

    @Test
    void noTokenIsLostWhenHalfOfAThousandWaitingCallsAreCancelled() throws Exception {
        Limit limit = Limit.of("waits", "1000/s burst 20");
        DecisionLog log = new DecisionLog();
        AtomicInteger granted = new AtomicInteger();
        List<Future<?>> waiters = new ArrayList<>();
        ExecutorService threads = Executors.newFixedThreadPool(WAITERS / 4);
        Random random = new Random(SEED);
        try (RateLimiterRegistry registry = new RateLimiterRegistry(tested.createRealTimeStore(), List.of())) {
            RateLimiter limiter = registry.define(limit);
            for (int i = 0; i < WAITERS; i++) {
                long from = System.nanoTime();
                Consumer<Decision> ended = decision -> {
                    log.add(from, System.nanoTime(), 1000, decision.admitted());
                    granted.incrementAndGet();
                };
                if (i % 4 == 0) {
                    waiters.add(threads.submit(() -> ended.accept(limiter.acquire("key", 1, PATIENCE))));
                } else {
                    CompletableFuture<Decision> future = limiter.acquireAsync("key", 1, PATIENCE);
                    future.thenAccept(ended);
                    waiters.add(future);
                }
                if (i % 2 == 1) {
                    waiters.get(random.nextInt(waiters.size())).cancel(true);
                }
            }
            for (Future<?> waiter : waiters) {
                try {
                    waiter.get(30, TimeUnit.SECONDS);
                } catch (CancellationException ex) {
                    assertThat(waiter.isCancelled()).isTrue();
                }
            }
            threads.shutdown();
            assertThat(threads.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
            await(registry.store(), List.of(limiter.charge("key", 0)));
            Duration untilFull = limiter.peek("key").resetAfter();
            assertThat(untilFull).as("seed " + SEED).isLessThanOrEqualTo(Duration.ofMillis(20));
            assertThat(log.check(limit.rates().get(0))).as("seed " + SEED).isEqualTo(Verdict.POSSIBLE);
            assertThat(granted.get()).isBetween(WAITERS / 2, WAITERS);
            TimeUnit.NANOSECONDS.sleep(untilFull.toNanos());
            assertThat(limiter.tryAcquire("key", 20).admitted()).isTrue();
        } finally {
            threads.shutdownNow();
        }
    }

    /** Starts all threads at the same moment, and returns the sum of their results. */
    private static long together(int threads, IntToLongFunction work) throws Exception {
        ExecutorService executor = Executors.newFixedThreadPool(threads);
        try {
            CountDownLatch ready = new CountDownLatch(threads);
            List<Future<Long>> results = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                int thread = i;
                Callable<Long> task = () -> {
                    ready.countDown();
                    ready.await();
                    return work.applyAsLong(thread);
                };
                results.add(executor.submit(task));
            }
            long sum = 0;
            for (Future<Long> result : results) {
                sum += result.get(60, TimeUnit.SECONDS);
            }
            return sum;
        } finally {
            executor.shutdownNow();
        }
    }
}
