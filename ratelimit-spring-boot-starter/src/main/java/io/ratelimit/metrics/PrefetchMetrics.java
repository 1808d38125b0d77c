package io.ratelimit.metrics;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.ratelimit.Limit;
import io.ratelimit.RateLimitListener;
import io.ratelimit.remote.RemoteRateLimitStore;
import java.util.List;

/**
 * Registers the gauge {@code ratelimit.prefetched} of every limit, with the tag {@code limit}: tokens of all keys that
 * this node has prefetched and that no call has used yet. It is zero for limits without a prefetch.
 */
final class PrefetchMetrics implements RateLimitListener {

    private static final String PREFETCHED = "ratelimit.prefetched";

    private final RemoteRateLimitStore store;
    private final MeterRegistry registry;

    /**
     * Creates a listener, to be passed to the limits' registry.
     *
     * @param store the store; the gauges hold it weakly, so another object has to keep it alive
     * @param registry where the gauge of each limit is registered
     */
    PrefetchMetrics(RemoteRateLimitStore store, MeterRegistry registry) {
        this.store = store;
        this.registry = registry;
    }

    @Override
    public void onDefined(Limit limit) {
        String name = limit.name();
        Gauge.builder(PREFETCHED, store, remote -> remote.prefetchedTokens(name).orElse(0))
                .description("Tokens that this node took ahead and no call used yet")
                .tag("limit", name)
                .register(registry);
    }

    @Override
    public void onRemoved(Limit limit) {
        List.copyOf(registry.find(PREFETCHED).tag("limit", limit.name()).meters())
                .forEach(registry::remove);
    }
}
