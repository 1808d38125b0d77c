package io.ratelimit.benchmarks;

import io.github.bucket4j.Bucket;
import io.github.bucket4j.ConsumptionProbe;
import io.ratelimit.Decision;
import io.ratelimit.RateLimiter;
import io.ratelimit.RateStatus;
import io.ratelimit.memory.InMemoryRateLimitStore;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.ToDoubleFunction;

/** Calls that read more of their decision than whether they were admitted. */
final class DecisionCalls {

    private DecisionCalls() {}

    static List<CallContender> admitted() {
        BenchmarkLimit limit = BenchmarkLimit.PLENTY;
        return List.of(
                ratelimit("admitted()", limit, decision -> 1),
                readingRemaining(),
                ratelimit("admitted() and statuses()", limit, DecisionCalls::remainingOfEach),
                bucket4j("tryConsume", limit, bucket -> limit.checked(bucket.tryConsume(1)) ? 1 : 0),
                bucket4j(
                        "tryConsumeAndReturnRemaining",
                        limit,
                        bucket -> probe(bucket, limit).getRemainingTokens()));
    }

    static CallContender readingRemaining() {
        return ratelimit("admitted() and remaining()", BenchmarkLimit.PLENTY, Decision::remaining);
    }

    static List<CallContender> rejected() {
        BenchmarkLimit limit = BenchmarkLimit.EXHAUSTED;
        return List.of(
                ratelimit("admitted()", limit, decision -> 1),
                ratelimit(
                        "admitted() and retryAfter()",
                        limit,
                        decision -> decision.retryAfter().orElseThrow().toNanos()),
                ratelimit("admitted() and statuses()", limit, DecisionCalls::retryAfterOfEach),
                bucket4j("tryConsume", limit, bucket -> limit.checked(bucket.tryConsume(1)) ? 0 : 1),
                bucket4j(
                        "tryConsumeAndReturnRemaining",
                        limit,
                        bucket -> probe(bucket, limit).getNanosToWaitForRefill()));
    }

    private static CallContender ratelimit(String read, BenchmarkLimit limit, ToDoubleFunction<Decision> figure) {
        return new CallContender("ratelimit, " + read, key -> {
            RateLimiter limiter = InMemoryRateLimitStore.newRegistry().define(limit.toLimit());
            if (!limit.admits) {
                limiter.tryAcquire(key);
            }
            return () -> {
                Decision decision = limiter.tryAcquire(key);
                limit.checked(decision.admitted());
                return positive(figure.applyAsDouble(decision));
            };
        });
    }

    private static CallContender bucket4j(String called, BenchmarkLimit limit, ToDoubleFunction<Bucket> figure) {
        return new CallContender("Bucket4j, lock-free, " + called, key -> {
            ConcurrentMap<String, Bucket> buckets = new ConcurrentHashMap<>();
            KeyedLimiter.get(buckets, key, first -> Bucket4jBuckets.create(limit, 1))
                    .tryConsume(1);
            return () -> positive(
                    figure.applyAsDouble(KeyedLimiter.get(buckets, key, first -> Bucket4jBuckets.create(limit, 1))));
        });
    }

    private static ConsumptionProbe probe(Bucket bucket, BenchmarkLimit limit) {
        ConsumptionProbe probe = bucket.tryConsumeAndReturnRemaining(1);
        limit.checked(probe.isConsumed());
        return probe;
    }

    private static double remainingOfEach(Decision decision) {
        double sum = 0;
        for (RateStatus status : decision.statuses()) {
            sum += status.remaining();
        }
        return sum;
    }

    private static double retryAfterOfEach(Decision decision) {
        double sum = 0;
        for (RateStatus status : decision.statuses()) {
            sum += status.retryAfter().orElseThrow().toNanos();
        }
        return sum;
    }

    private static double positive(double figure) {
        if (figure > 0) {
            return figure;
        }
        throw new IllegalStateException(
                "The decision has the figure " + figure + ", so the measurement is invalid; expected more than 0");
    }
}
