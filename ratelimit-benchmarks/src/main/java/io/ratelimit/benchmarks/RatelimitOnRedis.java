package io.ratelimit.benchmarks;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.DecisionSource;
import io.ratelimit.Limit;
import io.ratelimit.RateLimiter;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.memory.InMemoryRateLimitStore;
import io.ratelimit.redis.RedisRateLimitStore;
import io.ratelimit.remote.RemoteRateLimitStore;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

/** Ratelimit on Redis, with a deadline so long that the server makes every decision. */
record RatelimitOnRedis(RateLimiterRegistry registry, List<RateLimiter> limiters) implements RedisLimiter {

    private static final Duration DEADLINE = Duration.ofSeconds(20);

    /** Opens a node that prefetches the given number of tokens of each key, or fewer if the capacity is smaller. */
    static RedisLimiter open(InetSocketAddress redis, BenchmarkLimit limit, int prefetch) {
        return open(redis, List.of(limit.toLimit(Math.min(prefetch, limit.capacity - 1))));
    }

    /** Opens a node whose calls must be admitted by all the limits. */
    static RedisLimiter open(InetSocketAddress redis, List<Limit> limits) {
        LettuceConnectionFactory connections = new LettuceConnectionFactory(redis.getHostString(), redis.getPort());
        connections.afterPropertiesSet();
        RedisRateLimitStore store = RedisRateLimitStore.create(connections, "ratelimit", DEADLINE);
        connections.destroy();
        RateLimiterRegistry registry = new RateLimiterRegistry(
                RemoteRateLimitStore.builder(store, InMemoryRateLimitStore.create())
                        .build(),
                List.of());
        return new RatelimitOnRedis(
                registry, limits.stream().map(registry::define).toList());
    }

    @Override
    public boolean tryAcquire(String key) {
        return answer(limiters.size() == 1 ? limiters.get(0).tryAcquire(key) : registry.tryAcquire(charges(key)));
    }

    @Override
    public CompletionStage<Boolean> tryAcquireAsync(String key) {
        return (limiters.size() == 1 ? limiters.get(0).tryAcquireAsync(key) : registry.tryAcquireAsync(charges(key)))
                .thenApply(RatelimitOnRedis::answer);
    }

    private List<Charge> charges(String key) {
        Charge[] charges = new Charge[limiters.size()];
        for (int i = 0; i < charges.length; i++) {
            charges[i] = limiters.get(i).charge(key, 1);
        }
        return List.of(charges);
    }

    @Override
    public void close() {
        registry.close();
    }

    private static boolean answer(Decision decision) {
        if (decision.source() != DecisionSource.STORE) {
            throw new IllegalStateException(
                    "Redis did not decide within " + DEADLINE + ", so the measurement is invalid");
        }
        return decision.admitted();
    }
}
