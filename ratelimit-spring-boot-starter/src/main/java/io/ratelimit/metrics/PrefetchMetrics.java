package io.ratelimit.metrics;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.ratelimit.Limit;
import io.ratelimit.RateLimitListener;
import io.ratelimit.remote.RemoteRateLimitStore;

/**
 * Registers the gauge {@code ratelimit.prefetched} of every limit, with the tag {@code limit}: tokens of all keys that
 * this node has prefetched and that no call has used yet. It is zero for limits without a prefetch.
 */
final class PrefetchMetrics implements RateLimitListener {

    private static final String PREFETCHED = "ratelimit.prefetched";

    private final RemoteRateLimitStore store;
    private final LimitMeters meters;

    /**
     * Creates a listener, to be passed to the limits' registry.
     *
     * @param store the store that has prefetched tokens
     * @param registry where the gauge of each limit is registered; its gauges reference parts of this listener weakly
     */
    PrefetchMetrics(RemoteRateLimitStore store, MeterRegistry registry) {
        this.store = store;
        this.meters = new LimitMeters(registry);
    }

    @Override
    public void onDefined(Limit limit) {
        LimitSum sum = LimitSum.ofLevels(name -> store.prefetchedTokens(name).orElse(0));
        meters.registerSum(
                limit.name(),
                sum,
                Gauge.builder(PREFETCHED, sum, LimitSum::value)
                        .description("Tokens that this node took ahead and no call used yet")
                        .tag("limit", limit.name())::register);
    }

    @Override
    public void onRemoved(Limit limit) {
        meters.remove(limit.name());
    }
}
