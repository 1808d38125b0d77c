package io.ratelimit.metrics;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.ratelimit.PrefetchingStore;
import io.ratelimit.RateLimitListener;
import io.ratelimit.RateLimiter;
import java.util.List;

/**
 * The gauge {@code ratelimit.prefetched} of every limit, with the tag {@code limit}: tokens of all keys that this node took from
 * the store ahead and no call used yet. It is there from the definition of a limit on, and zero where nothing is taken ahead.
 */
final class PrefetchMetrics implements RateLimitListener {

    private static final String PREFETCHED = "ratelimit.prefetched";

    private final PrefetchingStore store;
    private final MeterRegistry registry;

    /**
     * Creates a listener, to be given to the limiters.
     *
     * @param store the store; the gauges read it for as long as someone else holds it
     * @param registry where the gauge of each limit is registered
     */
    PrefetchMetrics(PrefetchingStore store, MeterRegistry registry) {
        this.store = store;
        this.registry = registry;
    }

    @Override
    public void onDefined(RateLimiter limiter) {
        String limit = limiter.name();
        Gauge.builder(PREFETCHED, store, prefetching -> prefetching.prefetchedTokens(limit))
                .description("Tokens that this node took ahead and no call used yet")
                .tag("limit", limit)
                .register(registry);
    }

    @Override
    public void onRemoved(RateLimiter limiter) {
        List.copyOf(registry.find(PREFETCHED).tag("limit", limiter.name()).meters())
                .forEach(registry::remove);
    }
}
