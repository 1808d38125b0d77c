package io.ratelimit.metrics;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.ratelimit.memory.InMemoryRateLimitStore;

/**
 * Registers the meters of a store in memory: the gauge {@code ratelimit.keys}, and the counters
 * {@code ratelimit.evictions} and {@code ratelimit.overflows}, which stay zero until {@code ratelimit.memory.max-keys}
 * is reached.
 */
final class MemoryStoreMetrics implements MeterBinder {

    private final InMemoryRateLimitStore store;

    /**
     * Creates the binder of a store.
     *
     * @param store the store, which the meters reference weakly
     */
    MemoryStoreMetrics(InMemoryRateLimitStore store) {
        this.store = store;
    }

    @Override
    public void bindTo(MeterRegistry registry) {
        Gauge.builder("ratelimit.keys", store, InMemoryRateLimitStore::keys)
                .description("Keys that have buckets of their own in memory")
                .register(registry);
        FunctionCounter.builder("ratelimit.evictions", store, InMemoryRateLimitStore::evictions)
                .description("Buckets that were dropped before they were full, for want of room")
                .register(registry);
        FunctionCounter.builder("ratelimit.overflows", store, InMemoryRateLimitStore::overflows)
                .description("Calls that were charged to a shared bucket, for want of room")
                .register(registry);
    }
}
