package io.ratelimit.benchmarks;

import io.ratelimit.Limit;
import io.ratelimit.RateLimiter;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.memory.InMemoryRateLimitStore;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/** Calls of a limit that lets its callers wait. */
final class WaitCalls {

    private static final BenchmarkLimit LIMIT = BenchmarkLimit.PLENTY;
    private static final Duration MAX_WAIT = Duration.ofSeconds(1);
    private static final Duration WAIT = Duration.ofNanos(50_000);

    private WaitCalls() {}

    /** Returns calls that never have to wait, beside the same limit without a wait. */
    static List<CallContender> unused() {
        return List.of(
                new CallContender("ratelimit, tryAcquire", key -> {
                    RateLimiter limiter = InMemoryRateLimitStore.newRegistry().define(LIMIT.toLimit());
                    return CheckedCall.of(
                            LIMIT, each -> limiter.tryAcquire(each).admitted(), key);
                }),
                new CallContender("ratelimit, acquire with max-wait", key -> {
                    RateLimiter limiter = InMemoryRateLimitStore.newRegistry()
                            .define(Limit.named("benchmark")
                                    .rates(LIMIT.rate())
                                    .maxWait(MAX_WAIT)
                                    .build());
                    return CheckedCall.of(LIMIT, each -> limiter.acquire(each).admitted(), key);
                }));
    }

    /**
     * Returns calls that each wait 50 µs, beside a thread that parks as long.
     *
     * <p>On the real clock a limit admits at a fixed pace, whatever a call costs: a slower call only waits less, and a
     * thread that is woken late finds the next token refilled. So the store has a clock of its own, which the caller
     * puts forward by the time of one token before each call. The bucket owes one token, so that every decision tells
     * exactly one token's time to wait, and the caller waits for it on the real clock.
     */
    static List<CallContender> used() {
        return List.of(
                new CallContender("floor: parkNanos", key -> WaitCalls::park),
                new CallContender("ratelimit, acquire", WaitCalls::waiting));
    }

    private static double park() {
        long end = System.nanoTime() + WAIT.toNanos();
        long left = WAIT.toNanos();
        while (left > 0) {
            LockSupport.parkNanos(left);
            left = end - System.nanoTime();
        }
        return end;
    }

    private static CheckedCall waiting(String key) {
        AtomicLong nanos = new AtomicLong();
        RateLimiter limiter = new RateLimiterRegistry(InMemoryRateLimitStore.create(nanos::get, 1000), List.of())
                .define(Limit.named("benchmark")
                        .rates("1/" + WAIT)
                        .maxWait(MAX_WAIT)
                        .build());
        limiter.acquire(key).orThrow();
        requireWait(limiter.acquire(key).waitTime().toNanos());
        return () -> {
            nanos.setOpaque(nanos.getOpaque() + WAIT.toNanos());
            long begun = System.nanoTime();
            LIMIT.checked(limiter.acquire(key).admitted());
            return requireWait(System.nanoTime() - begun);
        };
    }

    private static long requireWait(long nanos) {
        if (nanos < WAIT.toNanos()) {
            throw new IllegalStateException(
                    "A call waited " + nanos + " ns, so the measurement is invalid; expected at least " + WAIT);
        }
        return nanos;
    }
}
