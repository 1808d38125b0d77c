package io.ratelimit.nodes;

import io.ratelimit.Decision;
import io.ratelimit.Limit;
import io.ratelimit.RateLimitStore;
import io.ratelimit.RateLimiter;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.StoreUnavailableException;
import io.ratelimit.algorithm.Rate;
import io.ratelimit.algorithm.Refill;
import io.ratelimit.memory.InMemoryRateLimitStore;
import io.ratelimit.redis.RedisRateLimitStore;
import io.ratelimit.test.DecisionLog;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

/** A node that is stopped while some of its threads call and others wait, and goes on seconds later. */
final class PausedNode {

    static final int BURST = 20;
    static final int WAITERS = 30;
    static final Duration PAUSE = Duration.ofSeconds(7);

    private static final String RATE = "50/s burst " + BURST;
    private static final Duration MAX_WAIT = Duration.ofSeconds(4);
    private static final long NOTICED_NANOS = PAUSE.toNanos() / 2;
    private static final long SOON_NANOS = 100_000_000;

    private final DecisionLog log = new DecisionLog();
    private final AtomicInteger soon = new AtomicInteger();
    private volatile long resumed = Long.MAX_VALUE;
    private volatile boolean over;

    private PausedNode() {}

    /**
     * Runs until it has been paused once.
     *
     * @param args the port of the server; none for a store in memory
     */
    public static void main(String[] args) throws Exception {
        try (RateLimiterRegistry registry = new RateLimiterRegistry(store(args), List.of())) {
            System.out.println(new PausedNode().run(registry));
        }
        System.exit(0);
    }

    private static RateLimitStore store(String[] args) {
        if (args.length == 0) {
            return InMemoryRateLimitStore.create();
        }
        RedisRateLimitStore store = RedisRateLimitStore.create(
                new LettuceConnectionFactory("localhost", Integer.parseInt(args[0])),
                "ratelimit",
                Duration.ofSeconds(2));
        store.connect().toCompletableFuture().join();
        return store;
    }

    private String run(RateLimiterRegistry registry) throws Exception {
        ExecutorService threads = Executors.newCachedThreadPool(task -> {
            Thread thread = new Thread(task);
            thread.setDaemon(true);
            return thread;
        });
        RateLimiter calls = registry.define(Limit.of("calls", RATE));
        for (int i = 0; i < 2; i++) {
            threads.submit(() -> callUntilOver(calls));
        }
        RateLimiter waits = registry.define(Limit.named("waits")
                .rates(WAITERS + "/3s")
                .refill(Refill.INTERVAL)
                .maxWait(MAX_WAIT)
                .build());
        waits.tryAcquire("key", WAITERS);
        List<Future<Decision>> waiting = new ArrayList<>();
        for (int i = 0; i < WAITERS / 2; i++) {
            waiting.add(threads.submit(() -> waits.acquire("key")));
            waiting.add(waits.acquireAsync("key"));
        }
        while (waits.peek("key").resetAfter().compareTo(Duration.ofMillis(3_001)) < 0) {
            Thread.sleep(1);
        }
        System.out.println("waiting");
        awaitPause();
        int admitted = 0;
        for (Future<Decision> waiter : waiting) {
            admitted += waiter.get(60, TimeUnit.SECONDS).admitted() ? 1 : 0;
        }
        TimeUnit.SECONDS.sleep(1);
        over = true;
        threads.shutdown();
        threads.awaitTermination(60, TimeUnit.SECONDS);
        return log.check(Rate.parse(RATE)).overAdmissions() + " calls too many, " + admitted
                + " waiters admitted late, " + soon + " calls admitted soon";
    }

    private Void callUntilOver(RateLimiter limiter) throws InterruptedException {
        while (!over) {
            long start = System.nanoTime();
            try {
                boolean admitted = limiter.tryAcquire("key").admitted();
                long end = System.nanoTime();
                log.add(start, end, 1_000, admitted);
                if (admitted && start > resumed && end < resumed + SOON_NANOS) {
                    soon.incrementAndGet();
                }
            } catch (StoreUnavailableException ex) {
                // Its deadline had passed when the node continued: it may have consumed a token, but admitted no call.
            }
            TimeUnit.MICROSECONDS.sleep(500);
        }
        return null;
    }

    private void awaitPause() throws InterruptedException {
        long before = System.nanoTime();
        while (true) {
            Thread.sleep(1);
            long now = System.nanoTime();
            if (now - before > NOTICED_NANOS) {
                resumed = now;
                return;
            }
            before = now;
        }
    }
}
