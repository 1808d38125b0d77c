package io.ratelimit.memory;

import io.ratelimit.Limit;
import io.ratelimit.algorithm.RateAlgorithm;
import io.ratelimit.algorithm.TokenBucket;
import org.jspecify.annotations.Nullable;

/**
 * The form in which the buckets of a limit are stored: the rates of the limit and, for smooth rates, the time from
 * which their ticks are counted.
 *
 * <p>A smooth rate of a bucket is one word, the instant at which it is full, in units. Counted from the epoch it would
 * overflow a long: at a refill of a million units per microsecond after a hundred days. So it is counted from the base
 * of the layout. A layout is replaced before the time since its base becomes too large, and its buckets move to the new
 * one when they are next charged, just as they do after the limit was reconfigured.
 */
final class BucketLayout {

    private static final long BASE_STEP = 1_000_000;
    private static final long MOST_UNITS = 1L << 61;
    private static final long MOST_NANOS = 1L << 61;
    /** The largest refill that one word can hold: with more, the base could be too long ago from the start. */
    private static final long MOST_REFILL = MOST_UNITS / 2_000;

    final Limit limit;
    final RateAlgorithm[] rates;
    /** The rates if each of them is smooth and fits into one word; otherwise empty. */
    final TokenBucket[] smooth;
    /** The only rate, if it is smooth, so that a bucket is changed by one compare-and-set; otherwise null. */
    final @Nullable TokenBucket singleRate;

    private final long baseNanos;
    private final long servedNanos;
    /**
     * For each smooth rate, a time since the base by which every bucket is full and that can still be counted without
     * overflow.
     */
    private final long[] fullNanos;

    /**
     * Creates a layout whose base is the last whole millisecond of the store's clock, so that ticks begin at the same
     * instants in every layout.
     */
    BucketLayout(Limit limit, long nanos) {
        this.limit = limit;
        this.rates = limit.algorithms().toArray(new RateAlgorithm[0]);
        this.smooth = smooth(rates);
        this.singleRate = smooth.length == 1 ? smooth[0] : null;
        this.baseNanos = nanos - nanos % BASE_STEP;
        this.fullNanos = new long[smooth.length];
        long served = Long.MAX_VALUE;
        for (int i = 0; i < smooth.length; i++) {
            long each = servedNanos(smooth[i]);
            served = Math.min(served, each);
            fullNanos[i] = 2 * each - 1;
        }
        this.servedNanos = served;
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

    boolean isSmooth() {
        return smooth.length > 0;
    }

    /** Returns whether a charge of a limit can be decided in this layout at the given time. */
    boolean serves(Limit other, long nanos) {
        return countsLike(other) && reaches(nanos);
    }

    boolean countsLike(Limit other) {
        return limit == other || limit.countsLike(other);
    }

    /** Returns whether a time can be counted from the base. */
    boolean reaches(long nanos) {
        return nanos - baseNanos <= servedNanos;
    }

    /**
     * Returns the ticks of the only rate since the base, at a time that this layout {@linkplain #reaches(long)
     * reaches}.
     */
    long ticksSinceBase(TokenBucket only, long nanos) {
        return only.ticks(nanos - baseNanos);
    }

    /**
     * Returns the ticks of a smooth rate since the base. They stop growing once every bucket is full, so that they
     * never overflow.
     */
    long ticksSinceBase(int rate, long nanos) {
        return smooth[rate].ticks(Math.min(nanos - baseNanos, fullNanos[rate]));
    }
}
