package io.ratelimit.metrics;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.ratelimit.redis.RedisRateLimitStore;

/**
 * What a Redis store mended: the counters {@code ratelimit.redis.healed} and {@code ratelimit.redis.returned}, which stay
 * at zero unless somebody else writes under the limiter's keys, and on a single server.
 */
final class RedisStoreMetrics implements MeterBinder {

    private final RedisRateLimitStore store;

    /**
     * Creates the binder of a store.
     *
     * @param store the store; the meters read it for as long as someone else holds it
     */
    RedisStoreMetrics(RedisRateLimitStore store) {
        this.store = store;
    }

    @Override
    public void bindTo(MeterRegistry registry) {
        FunctionCounter.builder("ratelimit.redis.healed", store, RedisRateLimitStore::healed)
                .description("Values that were no buckets, and were replaced by full ones")
                .register(registry);
        FunctionCounter.builder("ratelimit.redis.returned", store, RedisRateLimitStore::refunded)
                .description("Cluster slots that got their tokens back because another slot refused the call")
                .register(registry);
    }
}
