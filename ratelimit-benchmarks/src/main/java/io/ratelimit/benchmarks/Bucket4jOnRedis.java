package io.ratelimit.benchmarks;

import io.github.bucket4j.BucketConfiguration;
import io.github.bucket4j.distributed.AsyncBucketProxy;
import io.github.bucket4j.distributed.BucketProxy;
import io.github.bucket4j.distributed.ExpirationAfterWriteStrategy;
import io.github.bucket4j.distributed.proxy.RemoteAsyncBucketBuilder;
import io.github.bucket4j.distributed.proxy.RemoteBucketBuilder;
import io.github.bucket4j.distributed.proxy.optimization.DelayParameters;
import io.github.bucket4j.distributed.proxy.optimization.Optimization;
import io.github.bucket4j.redis.lettuce.Bucket4jLettuce;
import io.github.bucket4j.redis.lettuce.cas.LettuceBasedProxyManager;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Bucket4j with compare-and-swap on one connection. Buckets are kept in a map, because each object batches separately.
 */
record Bucket4jOnRedis(
        LettuceConnection lettuce,
        ConcurrentMap<String, BucketProxy> buckets,
        Function<String, BucketProxy> bucket,
        ConcurrentMap<String, AsyncBucketProxy> asyncBuckets,
        Function<String, AsyncBucketProxy> asyncBucket)
        implements RedisLimiter {

    /** Delays reports to the server by as many tokens as ratelimit prefetches, and by at most 100 ms. */
    static final DelayParameters DELAY = new DelayParameters(RedisWorkload.PREFETCH, Duration.ofMillis(100));

    private static final Duration KEPT = Duration.ofSeconds(10);

    static RedisLimiter open(InetSocketAddress redis, BenchmarkLimit limit, @Nullable Optimization optimization) {
        LettuceConnection lettuce = LettuceConnection.connect(redis);
        LettuceBasedProxyManager<String> manager = Bucket4jLettuce.casBasedBuilder(lettuce.connection())
                .expirationAfterWrite(ExpirationAfterWriteStrategy.basedOnTimeForRefillingBucketUpToMax(KEPT))
                .build();
        BucketConfiguration limits = BucketConfiguration.builder()
                .addLimit(bandwidth -> bandwidth.capacity(limit.capacity).refillGreedy(limit.refill, limit.period))
                .build();
        RemoteBucketBuilder<String> builder = manager.builder();
        RemoteAsyncBucketBuilder<String> asyncBuilder = manager.asAsync().builder();
        if (optimization != null) {
            builder = builder.withOptimization(optimization);
            asyncBuilder = asyncBuilder.withOptimization(optimization);
        }
        RemoteBucketBuilder<String> made = builder;
        RemoteAsyncBucketBuilder<String> madeAsync = asyncBuilder;
        return new Bucket4jOnRedis(
                lettuce,
                new ConcurrentHashMap<>(),
                key -> made.build(key, () -> limits),
                new ConcurrentHashMap<>(),
                key -> madeAsync.build(key, () -> CompletableFuture.completedFuture(limits)));
    }

    @Override
    public boolean tryAcquire(String key) {
        BucketProxy known = buckets.get(key);
        return (known != null ? known : buckets.computeIfAbsent(key, bucket)).tryConsume(1);
    }

    @Override
    public CompletionStage<Boolean> tryAcquireAsync(String key) {
        AsyncBucketProxy known = asyncBuckets.get(key);
        return (known != null ? known : asyncBuckets.computeIfAbsent(key, asyncBucket)).tryConsume(1);
    }

    @Override
    public void close() {
        lettuce.close();
    }
}
