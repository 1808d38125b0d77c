package io.ratelimit.benchmarks;

import io.ratelimit.Limit;
import io.ratelimit.RateLimiter;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.algorithm.Algorithm;
import io.ratelimit.algorithm.Refill;
import io.ratelimit.memory.InMemoryRateLimitStore;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/** Calls of a limit of one rate under each algorithm. */
final class AlgorithmCalls {

    private static final BenchmarkLimit LIMIT = BenchmarkLimit.PLENTY;

    /** A billion calls in a window, so that none is rejected. */
    private static final String PLENTY_OF_A_WINDOW = "1000000000/10m";

    private static final int ENTRIES = 100;
    private static final long STEP_NANOS = 10_000;
    private static final long MORE_THAN_A_TICK_NANOS = 1_100_000;

    private AlgorithmCalls() {}

    static List<CallContender> contenders() {
        return List.of(
                new CallContender("token bucket, smooth", key -> admitted(Limit.of("benchmark", LIMIT.rate()), key)),
                new CallContender("token bucket, refilled by interval", key -> admitted(interval(LIMIT), key)),
                new CallContender("fixed window", key -> admitted(window(LIMIT, Algorithm.FIXED_WINDOW), key)),
                new CallContender(
                        "sliding-window counter",
                        key -> admitted(window(LIMIT, Algorithm.SLIDING_WINDOW_COUNTER), key)),
                new CallContender("sliding-window log, admitted with 100 entries", AlgorithmCalls::admittedByLog),
                new CallContender("sliding-window log, rejected with 100 entries", AlgorithmCalls::rejectedByLog),
                new CallContender(
                        "floor: map + CAS",
                        key -> CheckedCall.of(LIMIT, InMemoryContender.MAP_FLOOR.open(LIMIT), key)));
    }

    static Limit interval(BenchmarkLimit limit) {
        return Limit.named("benchmark")
                .rates(limit.rate())
                .refill(Refill.INTERVAL)
                .build();
    }

    static Limit window(BenchmarkLimit limit, Algorithm algorithm) {
        return Limit.named("benchmark")
                .rates(limit.admits ? PLENTY_OF_A_WINDOW : "1/1d")
                .algorithm(algorithm)
                .build();
    }

    private static CheckedCall admitted(Limit limit, String key) {
        return call(LIMIT, InMemoryRateLimitStore.newRegistry().define(limit), key);
    }

    /**
     * Returns a call that adds one entry to a log and removes another, so that there are always a hundred.
     *
     * <p>Calls of the same microsecond share an entry, and a faster machine makes more of them in a window. So the
     * store has a clock of its own, which goes 10 µs further each time that it is read, and the window is a hundred
     * such steps. The clock also reads the real one, so that it costs as much as those of the other rows, and an atomic
     * addition more.
     */
    private static CheckedCall admittedByLog(String key) {
        AtomicLong nanos = new AtomicLong();
        InMemoryRateLimitStore store =
                InMemoryRateLimitStore.create(() -> nanos.addAndGet(STEP_NANOS + (System.nanoTime() & 1)), 1000);
        RateLimiter limiter = new RateLimiterRegistry(store, List.of())
                .define(Limit.named("benchmark")
                        .rates(10 * ENTRIES + "/" + Duration.ofNanos(ENTRIES * STEP_NANOS))
                        .algorithm(Algorithm.SLIDING_WINDOW)
                        .build());
        return call(LIMIT, limiter, key);
    }

    /** Returns a call of a limit that has admitted its hundred calls of a day, each at an instant of its own. */
    private static CheckedCall rejectedByLog(String key) {
        RateLimiter limiter = InMemoryRateLimitStore.newRegistry()
                .define(Limit.named("benchmark")
                        .rates(ENTRIES + "/1d")
                        .algorithm(Algorithm.SLIDING_WINDOW)
                        .build());
        for (int i = 0; i < ENTRIES; i++) {
            LIMIT.checked(limiter.tryAcquire(key).admitted());
            long next = System.nanoTime() + MORE_THAN_A_TICK_NANOS;
            for (long left = MORE_THAN_A_TICK_NANOS; left > 0; left = next - System.nanoTime()) {
                LockSupport.parkNanos(left);
            }
        }
        return call(BenchmarkLimit.EXHAUSTED, limiter, key);
    }

    private static CheckedCall call(BenchmarkLimit limit, RateLimiter limiter, String key) {
        return CheckedCall.of(limit, each -> limiter.tryAcquire(each).admitted(), key);
    }
}
