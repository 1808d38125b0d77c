package io.ratelimit.benchmarks;

import com.google.common.util.concurrent.RateLimiter;
import dev.failsafe.RateLimiterBuilder;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.local.LocalBucketBuilder;
import io.github.bucket4j.local.SynchronizationStrategy;
import io.github.resilience4j.ratelimiter.RateLimiterConfig;
import io.ratelimit.InMemoryRateLimitStore;
import io.ratelimit.Limit;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** A limiter through its public API at its fastest documented setting, or a floor: what no exact limiter can do without. */
public enum Contender implements Contestant {
    /** Ours, the decision read and dropped. */
    RATELIMIT("ratelimit", Contender::ratelimit),
    /** Ours with five rates on the limit, of which all must admit. */
    RATELIMIT_FIVE_RATES("ratelimit, five rates", Contender::ratelimitOfFive),
    /** Bucket4j's default. */
    BUCKET4J_LOCK_FREE("Bucket4j, lock-free", quota -> bucket4j(quota, SynchronizationStrategy.LOCK_FREE)),
    /** Bucket4j with a lock, which allocates nothing. */
    BUCKET4J_SYNCHRONIZED("Bucket4j, synchronized", quota -> bucket4j(quota, SynchronizationStrategy.SYNCHRONIZED)),
    /** Bucket4j's default with five limits on the bucket. */
    BUCKET4J_FIVE_RATES("Bucket4j, lock-free, five rates", Contender::bucket4jOfFive),
    /** Guava's smooth bursty limiter. */
    GUAVA("Guava", Contender::guava),
    /** Resilience4j's atomic limiter, which never waits. */
    RESILIENCE4J("Resilience4j", Contender::resilience4j),
    /** Failsafe's limiter of one call per interval. */
    FAILSAFE_SMOOTH("Failsafe, smooth", quota -> failsafe(quota, dev.failsafe.RateLimiter::smoothBuilder)),
    /** Failsafe's limiter of so many calls per period. */
    FAILSAFE_BURSTY("Failsafe, bursty", quota -> failsafe(quota, dev.failsafe.RateLimiter::burstyBuilder)),
    /** The clock read once, one word in hand replaced. */
    CAS_FLOOR("floor: CAS", Contender::casFloor),
    /** The same with the word found in a map. */
    MAP_FLOOR("floor: map + CAS", Contender::mapFloor);

    /** The least that a decision costs. */
    static final List<Contender> FLOORS = List.of(CAS_FLOOR, MAP_FLOOR);

    /** All that limit by one rate. */
    static final List<Contender> LIMITERS = List.of(
            RATELIMIT,
            BUCKET4J_LOCK_FREE,
            BUCKET4J_SYNCHRONIZED,
            GUAVA,
            RESILIENCE4J,
            FAILSAFE_SMOOTH,
            FAILSAFE_BURSTY);

    /** All that know keys or stand in a map, the floor last. */
    static final List<Contender> WITH_MAPS =
            Stream.concat(LIMITERS.stream(), Stream.of(MAP_FLOOR)).toList();

    private static final long FASTEST = 1_000_000_000;
    private static final int FIVE = 5;

    private final String label;
    private final Function<BenchmarkQuota, Limiter> opened;

    Contender(String label, Function<BenchmarkQuota, Limiter> opened) {
        this.label = label;
        this.opened = opened;
    }

    Limiter open(BenchmarkQuota quota) {
        return opened.apply(quota);
    }

    @Override
    public String label() {
        return label;
    }

    private static Limiter ratelimit(BenchmarkQuota quota) {
        return ratelimit(quota.limit());
    }

    /** Each slower than the one before, with more saved up: no rate is idle. */
    private static Limiter ratelimitOfFive(BenchmarkQuota quota) {
        return ratelimit(Limit.of(
                "benchmark",
                IntStream.rangeClosed(1, FIVE)
                        .mapToObj(
                                i -> quota.refill + "/" + quota.period.multipliedBy(i) + " burst " + quota.capacity * i)
                        .toArray(String[]::new)));
    }

    private static Limiter ratelimit(Limit limit) {
        io.ratelimit.RateLimiter limiter = InMemoryRateLimitStore.newRegistry().define(limit);
        return key -> limiter.tryAcquire(key).admitted();
    }

    private static Limiter bucket4j(BenchmarkQuota quota, SynchronizationStrategy strategy) {
        return new PerKey<Bucket>(
                key -> Bucket.builder()
                        .addLimit(limit -> limit.capacity(quota.capacity).refillGreedy(quota.refill, quota.period))
                        .withNanosecondPrecision()
                        .withSynchronizationStrategy(strategy)
                        .build(),
                bucket -> bucket.tryConsume(1));
    }

    private static Limiter bucket4jOfFive(BenchmarkQuota quota) {
        return new PerKey<Bucket>(
                key -> {
                    LocalBucketBuilder bucket = Bucket.builder().withNanosecondPrecision();
                    for (int i = 1; i <= FIVE; i++) {
                        int times = i;
                        bucket.addLimit(limit -> limit.capacity(quota.capacity * times)
                                .refillGreedy(quota.refill, quota.period.multipliedBy(times)));
                    }
                    return bucket.build();
                },
                bucket -> bucket.tryConsume(1));
    }

    private static Limiter guava(BenchmarkQuota quota) {
        double eachSecond = quota.admits ? FASTEST : 1.0 / quota.period.toSeconds();
        return new PerKey<>(key -> RateLimiter.create(eachSecond), RateLimiter::tryAcquire);
    }

    private static Limiter resilience4j(BenchmarkQuota quota) {
        RateLimiterConfig config = RateLimiterConfig.custom()
                .limitForPeriod(quota.admits ? Integer.MAX_VALUE : 1)
                .limitRefreshPeriod(quota.admits ? Duration.ofSeconds(1) : quota.period)
                .timeoutDuration(Duration.ZERO)
                .build();
        return new PerKey<>(
                key -> io.github.resilience4j.ratelimiter.RateLimiter.of(key, config),
                io.github.resilience4j.ratelimiter.RateLimiter::acquirePermission);
    }

    private static Limiter failsafe(BenchmarkQuota quota, FailsafeKind kind) {
        return new PerKey<>(
                key -> quota.admits
                        ? kind.builder(FASTEST, Duration.ofSeconds(1)).build()
                        : kind.builder(1, quota.period).build(),
                dev.failsafe.RateLimiter::tryAcquirePermit);
    }

    private static Limiter casFloor(BenchmarkQuota quota) {
        AtomicLong word = new AtomicLong();
        return key -> replaced(word, quota.admits);
    }

    private static Limiter mapFloor(BenchmarkQuota quota) {
        return new PerKey<>(key -> new AtomicLong(), word -> replaced(word, quota.admits));
    }

    private static boolean replaced(AtomicLong word, boolean answer) {
        long now = System.nanoTime();
        long last;
        do {
            last = word.get();
        } while (!word.compareAndSet(last, now));
        return answer;
    }

    private interface FailsafeKind {

        RateLimiterBuilder<Object> builder(long calls, Duration period);
    }
}
