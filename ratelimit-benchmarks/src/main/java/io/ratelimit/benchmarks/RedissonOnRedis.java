package io.ratelimit.benchmarks;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.redisson.Redisson;
import org.redisson.api.RRateLimiter;
import org.redisson.api.RateType;
import org.redisson.api.RedissonClient;
import org.redisson.config.Config;

/** Redisson's limiter with its default settings. The rate of a key is set on the first call with that key. */
record RedissonOnRedis(RedissonClient client, BenchmarkLimit limit, ConcurrentMap<String, RRateLimiter> limiters)
        implements RedisLimiter {

    /** Redisson has no separate capacity, and stores every call of a period, so a larger rate would fill the server. */
    private static final long PLENTY = 1_000_000;

    static RedisLimiter open(InetSocketAddress redis, BenchmarkLimit limit) {
        Config config = new Config();
        config.useSingleServer().setAddress("redis://" + redis.getHostString() + ":" + redis.getPort());
        return new RedissonOnRedis(Redisson.create(config), limit, new ConcurrentHashMap<>());
    }

    @Override
    public boolean tryAcquire(String key) {
        return limiter(key).tryAcquire(1);
    }

    @Override
    public CompletionStage<Boolean> tryAcquireAsync(String key) {
        return limiter(key).tryAcquireAsync(1);
    }

    @Override
    public void close() {
        client.shutdown();
    }

    private RRateLimiter limiter(String key) {
        RRateLimiter limiter = limiters.get(key);
        return limiter != null ? limiter : limiters.computeIfAbsent(key, this::configured);
    }

    private RRateLimiter configured(String key) {
        RRateLimiter limiter = client.getRateLimiter(key);
        if (limit.admits) {
            limiter.trySetRate(RateType.OVERALL, PLENTY, Duration.ofSeconds(1));
        } else {
            limiter.trySetRate(RateType.OVERALL, limit.capacity, limit.period);
        }
        return limiter;
    }
}
