package io.ratelimit.benchmarks;

import io.ratelimit.Decision;
import io.ratelimit.FallbackStore;
import io.ratelimit.MemoryStore;
import io.ratelimit.PrefetchingStore;
import io.ratelimit.RateLimiter;
import io.ratelimit.RateLimiters;
import io.ratelimit.RememberingStore;
import io.ratelimit.Source;
import io.ratelimit.redis.RedisRateLimitStore;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

/** Ours, with a deadline that no machine misses, so that each decision is the server's. */
record RatelimitOnRedis(RateLimiters limiters, RateLimiter limiter) implements RedisLimiter {

    private static final Duration DEADLINE = Duration.ofSeconds(20);

    /** A node of an application that takes so many tokens of each key ahead, or fewer where the quota holds no more. */
    static RedisLimiter open(InetSocketAddress redis, Quota quota, int prefetch) {
        LettuceConnectionFactory connections = new LettuceConnectionFactory(redis.getHostString(), redis.getPort());
        connections.afterPropertiesSet();
        RedisRateLimitStore store = RedisRateLimitStore.create(connections, "ratelimit", DEADLINE);
        connections.destroy();
        RateLimiters limiters = new RateLimiters(
                new FallbackStore(new PrefetchingStore(new RememberingStore(store)), MemoryStore.create()), List.of());
        return new RatelimitOnRedis(limiters, limiters.define(quota.limit(Math.min(prefetch, quota.capacity - 1))));
    }

    @Override
    public boolean tryAcquire(String key) {
        return answer(limiter.tryAcquire(key));
    }

    @Override
    public CompletionStage<Boolean> tryAcquireAsync(String key) {
        return limiter.tryAcquireAsync(key).thenApply(RatelimitOnRedis::answer);
    }

    @Override
    public void close() {
        limiters.close();
    }

    private static boolean answer(Decision decision) {
        if (decision.source() != Source.STORE) {
            throw new IllegalStateException("Redis did not decide in " + DEADLINE + "; the measurement is void");
        }
        return decision.admitted();
    }
}
