package io.ratelimit.metrics;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.ratelimit.redis.RedisRateLimitStore;

/**
 * Registers the counters {@code ratelimit.redis.healed} and {@code ratelimit.redis.returned} of a Redis store. The
 * first stays zero unless other programs write to the keys of the store. The second stays zero without a cluster.
 */
final class RedisStoreMetrics implements MeterBinder {

    private final RedisRateLimitStore store;

    /**
     * Creates the binder of a store.
     *
     * @param store the store, which the meters reference weakly
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
                .description("Cluster slots that got their tokens back because another slot rejected the call")
                .register(registry);
    }
}
