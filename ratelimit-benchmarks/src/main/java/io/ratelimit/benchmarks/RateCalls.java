package io.ratelimit.benchmarks;

import io.ratelimit.Limit;
import io.ratelimit.RateLimiter;
import io.ratelimit.memory.InMemoryRateLimitStore;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Calls of a limit that has one, two, three or five smooth rates, all of which must admit the call. */
final class RateCalls {

    private static final BenchmarkLimit LIMIT = BenchmarkLimit.PLENTY;

    private RateCalls() {}

    static List<CallContender> contenders() {
        return Stream.of(1, 2, 3, 5)
                .flatMap(rates -> Stream.of(
                        new CallContender("ratelimit, rates: " + rates, key -> ratelimit(rates, key)),
                        new CallContender(
                                "Bucket4j, lock-free, bandwidths: " + rates, key -> LimitCalls.bucket4j(rates, key))))
                .toList();
    }

    private static CheckedCall ratelimit(int rates, String key) {
        RateLimiter limiter = InMemoryRateLimitStore.newRegistry()
                .define(Limit.of(
                        "benchmark",
                        IntStream.rangeClosed(1, rates).mapToObj(LIMIT::rate).toArray(String[]::new)));
        return CheckedCall.of(LIMIT, each -> limiter.tryAcquire(each).admitted(), key);
    }
}
