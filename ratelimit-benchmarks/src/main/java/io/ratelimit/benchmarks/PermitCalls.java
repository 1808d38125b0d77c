package io.ratelimit.benchmarks;

import io.ratelimit.Limit;
import io.ratelimit.Permit;
import io.ratelimit.RateLimiter;
import io.ratelimit.memory.InMemoryRateLimitStore;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Semaphore;

/** Calls that take one of many permits and return it, of a limit on concurrency and of a semaphore. */
final class PermitCalls {

    private static final int PERMITS = 1000;

    private PermitCalls() {}

    static List<CallContender> contenders() {
        return List.of(
                new CallContender("floor: map + Semaphore", PermitCalls::semaphore),
                new CallContender("ratelimit, hold and close", PermitCalls::ratelimit));
    }

    private static CheckedCall semaphore(String key) {
        ConcurrentMap<String, Semaphore> semaphores = new ConcurrentHashMap<>();
        return () -> {
            Semaphore semaphore = KeyedLimiter.get(semaphores, key, first -> new Semaphore(PERMITS));
            BenchmarkLimit.PLENTY.checked(semaphore.tryAcquire());
            int left = semaphore.availablePermits();
            semaphore.release();
            return left;
        };
    }

    private static CheckedCall ratelimit(String key) {
        RateLimiter limiter = InMemoryRateLimitStore.newRegistry()
                .define(Limit.named("benchmark")
                        .maxConcurrent(PERMITS, Duration.ofSeconds(30))
                        .build());
        return () -> {
            try (Permit permit = limiter.hold(key)) {
                return BenchmarkLimit.PLENTY.checked(permit.decision().isLeased()) ? 1 : 0;
            }
        };
    }
}
