package io.ratelimit.memory;

import io.ratelimit.Limit;
import io.ratelimit.algorithm.RateAlgorithm;
import io.ratelimit.algorithm.TokenBucket;
import org.jspecify.annotations.Nullable;

/**
 * The form in which the buckets of one version of a limit are stored: the configuration of its rates and, for smooth
 * rates, the time from which their ticks are counted.
 *
 * <p>A smooth rate of a bucket is one word, the instant at which it is full, in units. Counted from the epoch it would
 * overflow a long: at a refill of a million units per microsecond after a hundred days. So it is counted from the base
 * of the layout. A layout is replaced before the time since its base becomes too large, and its buckets move to the new
 * one when they are next charged, just as they do after the limit was reconfigured.
 */
final class BucketLayout {

    private static final long BASE_STEP = 1_000_000;

    final Limit limit;
    final BucketOwner owner;
    final RateConfiguration configuration;
    final RateAlgorithm[] rates;
    /** The rates if each of them is smooth and fits into one word; otherwise empty. */
    final TokenBucket[] smooth;
    /** The only rate, if it is smooth, so that a bucket is changed by one compare-and-set; otherwise null. */
    final @Nullable TokenBucket singleRate;

    /** The ticks of the only rate from the origin of the store's clock to the base; 0 if there is no such rate. */
    final long baseTicks;

    private final long baseNanos;
    private final long servedNanos;

    /**
     * Creates a layout whose base is the last whole millisecond of the store's clock, so that ticks begin at the same
     * instants in every layout.
     */
    BucketLayout(Limit limit, BucketOwner owner, RateConfiguration configuration, long nanos) {
        this.limit = limit;
        this.owner = owner;
        this.configuration = configuration;
        this.rates = configuration.rates;
        this.smooth = configuration.smooth;
        this.singleRate = smooth.length == 1 ? smooth[0] : null;
        this.baseNanos = nanos - nanos % BASE_STEP;
        this.baseTicks = singleRate == null ? 0 : singleRate.ticks(baseNanos);
        this.servedNanos = configuration.servedNanos;
    }

    /** Creates the layout that follows this one, because this one does not reach the given time. */
    BucketLayout rebased(long nanos) {
        return new BucketLayout(limit, owner, configuration, nanos);
    }

    boolean isSmooth() {
        return smooth.length > 0;
    }

    /** Returns whether the state of a bucket is that of one rate which is not smooth. */
    boolean hasOneState() {
        return rates.length == 1 && smooth.length == 0;
    }

    /** Returns whether a charge of a limit can be decided in this layout at the given time. */
    boolean serves(Limit other, long nanos) {
        return countsLike(other) && reaches(nanos);
    }

    /** Returns whether a bucket of this layout can be changed without a migration to another one. */
    boolean serves(BucketLayout wanted, long nanos) {
        return countsLike(wanted) && reaches(nanos);
    }

    boolean countsLike(Limit other) {
        return limit == other || configuration.countsLike(other);
    }

    boolean countsLike(BucketLayout other) {
        return configuration == other.configuration;
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
        return smooth[rate].ticks(Math.min(nanos - baseNanos, configuration.fullNanos[rate]));
    }
}
