package io.ratelimit.benchmarks;

import io.github.bucket4j.Bucket;
import io.ratelimit.Charge;
import io.ratelimit.Limit;
import io.ratelimit.RateLimiter;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.memory.InMemoryRateLimitStore;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Calls that one, two, four or eight limits must admit, all of them or none. */
final class LimitCalls {

    private static final BenchmarkLimit LIMIT = BenchmarkLimit.PLENTY;

    private LimitCalls() {}

    static List<CallContender> contenders() {
        return Stream.of(1, 2, 4, 8)
                .flatMap(limits -> Stream.of(
                        new CallContender("ratelimit, limits: " + limits, key -> ratelimit(limits, key)),
                        new CallContender("Bucket4j, lock-free, bandwidths: " + limits, key -> bucket4j(limits, key)),
                        new CallContender("floor: " + limits + " × map + CAS", key -> floor(limits, key))))
                .toList();
    }

    /** Returns a call that makes its charges each time, as a user writes it. */
    static CheckedCall ratelimit(int limits, String key) {
        RateLimiterRegistry registry = InMemoryRateLimitStore.newRegistry();
        List<RateLimiter> limiters = IntStream.rangeClosed(1, limits)
                .mapToObj(i -> registry.define(Limit.of("limit-" + i, LIMIT.rate(i))))
                .toList();
        BiFunction<List<RateLimiter>, String, List<Charge>> charges = charges(limits);
        return CheckedCall.of(
                LIMIT,
                each -> registry.tryAcquire(charges.apply(limiters, each)).admitted(),
                key);
    }

    private static BiFunction<List<RateLimiter>, String, List<Charge>> charges(int limits) {
        return switch (limits) {
            case 1 -> (all, key) -> List.of(all.get(0).charge(key, 1));
            case 2 ->
                (all, key) -> List.of(all.get(0).charge(key, 1), all.get(1).charge(key, 1));
            case 4 ->
                (all, key) -> List.of(
                        all.get(0).charge(key, 1),
                        all.get(1).charge(key, 1),
                        all.get(2).charge(key, 1),
                        all.get(3).charge(key, 1));
            case 8 ->
                (all, key) -> List.of(
                        all.get(0).charge(key, 1),
                        all.get(1).charge(key, 1),
                        all.get(2).charge(key, 1),
                        all.get(3).charge(key, 1),
                        all.get(4).charge(key, 1),
                        all.get(5).charge(key, 1),
                        all.get(6).charge(key, 1),
                        all.get(7).charge(key, 1));
            default -> throw new IllegalArgumentException("No call of " + limits + " limits; use 1, 2, 4 or 8");
        };
    }

    static CheckedCall bucket4j(int bandwidths, String key) {
        return CheckedCall.of(
                LIMIT,
                new KeyedLimiter<Bucket>(
                        first -> Bucket4jBuckets.create(LIMIT, bandwidths), bucket -> bucket.tryConsume(1)),
                key);
    }

    private static CheckedCall floor(int limits, String key) {
        List<ConcurrentMap<String, AtomicLong>> maps = IntStream.range(0, limits)
                .<ConcurrentMap<String, AtomicLong>>mapToObj(i -> new ConcurrentHashMap<>())
                .toList();
        return () -> {
            long now = System.nanoTime();
            for (int i = 0; i < limits; i++) {
                WordFloors.replace(KeyedLimiter.get(maps.get(i), key, first -> new AtomicLong()), now);
            }
            return now;
        };
    }
}
