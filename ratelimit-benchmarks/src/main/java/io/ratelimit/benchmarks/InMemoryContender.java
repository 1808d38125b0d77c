package io.ratelimit.benchmarks;

import com.google.common.util.concurrent.RateLimiter;
import dev.failsafe.RateLimiterBuilder;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.local.SynchronizationStrategy;
import io.github.resilience4j.ratelimiter.RateLimiterConfig;
import io.ratelimit.memory.InMemoryRateLimitStore;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.stream.Stream;

/** A limiter with its fastest documented settings, called through its public API, or a floor: the least work of any. */
public enum InMemoryContender implements Contender {
    /** Ratelimit, where the decision is read and not kept. */
    RATELIMIT("ratelimit", InMemoryContender::ratelimit),
    /** Bucket4j's default. */
    BUCKET4J_LOCK_FREE("Bucket4j, lock-free", limit -> bucket4j(limit, SynchronizationStrategy.LOCK_FREE)),
    /** Bucket4j with a lock, which allocates nothing. */
    BUCKET4J_SYNCHRONIZED("Bucket4j, synchronized", limit -> bucket4j(limit, SynchronizationStrategy.SYNCHRONIZED)),
    /** Guava's smooth bursty limiter. */
    GUAVA("Guava", InMemoryContender::guava),
    /** Resilience4j's atomic limiter, which never waits. */
    RESILIENCE4J("Resilience4j", InMemoryContender::resilience4j),
    /** Failsafe's limiter of one call per interval. */
    FAILSAFE_SMOOTH("Failsafe, smooth", limit -> failsafe(limit, dev.failsafe.RateLimiter::smoothBuilder)),
    /** Failsafe's limiter of a number of calls per period. */
    FAILSAFE_BURSTY("Failsafe, bursty", limit -> failsafe(limit, dev.failsafe.RateLimiter::burstyBuilder)),
    /** Reads the clock once and replaces one word by compare-and-swap. */
    CAS_FLOOR("floor: CAS", InMemoryContender::casFloor),
    /** Looks up a word in a map, reads the clock once, and replaces the word by compare-and-swap. */
    MAP_FLOOR("floor: map + CAS", InMemoryContender::mapFloor);

    /** The least cost of a decision. */
    static final List<InMemoryContender> FLOORS = List.of(CAS_FLOOR, MAP_FLOOR);

    /** All limiters with one rate. */
    static final List<InMemoryContender> LIMITERS = List.of(
            RATELIMIT,
            BUCKET4J_LOCK_FREE,
            BUCKET4J_SYNCHRONIZED,
            GUAVA,
            RESILIENCE4J,
            FAILSAFE_SMOOTH,
            FAILSAFE_BURSTY);

    /** All limiters that have keys or are kept in a map, followed by the floor. */
    static final List<InMemoryContender> KEYED =
            Stream.concat(LIMITERS.stream(), Stream.of(MAP_FLOOR)).toList();

    private static final long FASTEST = 1_000_000_000;

    private final String label;
    private final Function<BenchmarkLimit, Limiter> opened;

    InMemoryContender(String label, Function<BenchmarkLimit, Limiter> opened) {
        this.label = label;
        this.opened = opened;
    }

    Limiter open(BenchmarkLimit limit) {
        return opened.apply(limit);
    }

    @Override
    public String label() {
        return label;
    }

    private static Limiter ratelimit(BenchmarkLimit limit) {
        io.ratelimit.RateLimiter limiter = InMemoryRateLimitStore.newRegistry().define(limit.toLimit());
        return key -> limiter.tryAcquire(key).admitted();
    }

    private static Limiter bucket4j(BenchmarkLimit limit, SynchronizationStrategy strategy) {
        return new KeyedLimiter<Bucket>(
                key -> Bucket4jBuckets.create(limit, 1, strategy), bucket -> bucket.tryConsume(1));
    }

    private static Limiter guava(BenchmarkLimit limit) {
        double eachSecond = limit.admits ? FASTEST : 1.0 / limit.period.toSeconds();
        return new KeyedLimiter<>(key -> RateLimiter.create(eachSecond), RateLimiter::tryAcquire);
    }

    private static Limiter resilience4j(BenchmarkLimit limit) {
        RateLimiterConfig config = RateLimiterConfig.custom()
                .limitForPeriod(limit.admits ? Integer.MAX_VALUE : 1)
                .limitRefreshPeriod(limit.admits ? Duration.ofSeconds(1) : limit.period)
                .timeoutDuration(Duration.ZERO)
                .build();
        return new KeyedLimiter<>(
                key -> io.github.resilience4j.ratelimiter.RateLimiter.of(key, config),
                io.github.resilience4j.ratelimiter.RateLimiter::acquirePermission);
    }

    private static Limiter failsafe(BenchmarkLimit limit, FailsafeKind kind) {
        return new KeyedLimiter<>(
                key -> limit.admits
                        ? kind.builder(FASTEST, Duration.ofSeconds(1)).build()
                        : kind.builder(1, limit.period).build(),
                dev.failsafe.RateLimiter::tryAcquirePermit);
    }

    private static Limiter casFloor(BenchmarkLimit limit) {
        AtomicLong word = new AtomicLong();
        return key -> replaced(word, limit.admits);
    }

    private static Limiter mapFloor(BenchmarkLimit limit) {
        return new KeyedLimiter<>(key -> new AtomicLong(), word -> replaced(word, limit.admits));
    }

    private static boolean replaced(AtomicLong word, boolean answer) {
        WordFloors.replace(word);
        return answer;
    }

    private interface FailsafeKind {

        RateLimiterBuilder<Object> builder(long calls, Duration period);
    }
}
