package io.ratelimit.memory;

import io.ratelimit.Limit;
import io.ratelimit.algorithm.RateAlgorithm;
import io.ratelimit.algorithm.TokenBucket;
import java.lang.ref.WeakReference;
import java.util.Map;
import java.util.WeakHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The rates of a limit, in the form that its buckets need. All limits of a store that count alike share one
 * configuration, so that a limit for each of many tenants takes little memory.
 */
final class RateConfiguration {

    private static final long MOST_UNITS = 1L << 61;
    private static final long MOST_NANOS = 1L << 61;
    /** The largest refill that one word can hold: with more, the base could be too long ago from the start. */
    private static final long MOST_REFILL = MOST_UNITS / 2_000;

    /** One of the limits with this configuration. */
    final Limit limit;

    final RateAlgorithm[] rates;
    /** The rates if each of them is smooth and fits into one word; otherwise empty. */
    final TokenBucket[] smooth;
    /** The longest time since the base of a layout that can be counted. */
    final long servedNanos;
    /**
     * For each smooth rate, a time since the base by which every bucket is full and that can still be counted without
     * overflow.
     */
    final long[] fullNanos;

    RateConfiguration(Limit limit) {
        this.limit = limit;
        this.rates = limit.algorithms().toArray(new RateAlgorithm[0]);
        this.smooth = smooth(rates);
        this.fullNanos = new long[smooth.length];
        long shortest = Long.MAX_VALUE;
        for (int i = 0; i < smooth.length; i++) {
            long served = servedNanos(smooth[i]);
            fullNanos[i] = 2 * served - 1;
            shortest = Math.min(shortest, served);
        }
        this.servedNanos = shortest;
    }

    private static TokenBucket[] smooth(RateAlgorithm[] rates) {
        TokenBucket[] smooth = new TokenBucket[rates.length];
        for (int i = 0; i < rates.length; i++) {
            TokenBucket bucket = rates[i].asSmoothTokenBucket();
            if (bucket == null || bucket.refill() > MOST_REFILL) {
                return new TokenBucket[0];
            }
            smooth[i] = bucket;
        }
        return smooth;
    }

    private static long servedNanos(TokenBucket rate) {
        long ticks = MOST_UNITS / rate.refill();
        return ticks < MOST_NANOS / rate.tickNanos() ? ticks * rate.tickNanos() : MOST_NANOS;
    }

    boolean countsLike(Limit other) {
        return limit.countsLike(other);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return this == other || other instanceof RateConfiguration that && countsLike(that.limit);
    }

    @Override
    public int hashCode() {
        int hash = rates.length;
        for (RateAlgorithm rate : rates) {
            hash = 31 * hash + Long.hashCode(rate.period() + rate.thousandthsPerPeriod());
        }
        return hash;
    }

    /** The configurations that limits of a store have now. Those that no bucket or limit has any more are freed. */
    static final class Pool {

        private final Map<RateConfiguration, WeakReference<RateConfiguration>> known = new WeakHashMap<>();

        /** Returns the configuration of a limit, the same object for all limits that count alike. */
        synchronized RateConfiguration of(Limit limit) {
            RateConfiguration created = new RateConfiguration(limit);
            WeakReference<RateConfiguration> reference = known.get(created);
            RateConfiguration existing = reference == null ? null : reference.get();
            if (existing != null) {
                return existing;
            }
            known.put(created, new WeakReference<>(created));
            return created;
        }
    }
}
