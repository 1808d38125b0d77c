package io.ratelimit;

import org.jspecify.annotations.Nullable;

/**
 * What the keys of a limit look like in memory: its rates and, for smooth ones, the instant from which ticks count.
 *
 * <p>A smooth rate of a bucket is one word, the instant in units at which it is full, and such an instant, {@code now·r},
 * outgrows a long: at a refill of a million units a microsecond after a hundred days. So it counts from a base. A shape whose
 * base is about to be too long ago is replaced, and its buckets move over one by one as they are charged, just as they do
 * when the limit is redefined.
 */
final class BucketLayout {

    private static final long BASE_STEP = 1_000_000;
    private static final long MOST_UNITS = 1L << 61;
    private static final long MOST_NANOS = 1L << 61;
    /** With more units a microsecond, a base of the millisecond before could be too long ago from the start. */
    private static final long MOST_REFILL = MOST_UNITS / 2_000;

    final Limit limit;
    final RateAlgorithm[] rates;
    /** The rates, if all of them are smooth and countable from a base, so that each is one word; else none. */
    final TokenBucket[] smooth;
    /** The only rate, if a bucket is one word that one compare-and-set changes. */
    final @Nullable TokenBucket singleBucket;

    private final long baseNanos;
    private final long servedNanos;
    /** For each smooth rate, after how long it is full, whatever it was, and still countable. */
    private final long[] fullNanos;

    /** A shape whose base is the last whole millisecond of the store's clock, so that ticks fall where they fell before. */
    BucketLayout(Limit limit, long nanos) {
        this.limit = limit;
        this.rates = limit.algorithms().toArray(new RateAlgorithm[0]);
        this.smooth = smooth(rates);
        this.singleBucket = smooth.length == 1 ? smooth[0] : null;
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

    boolean serves(Limit other, long nanos) {
        return countsLike(other) && reaches(nanos);
    }

    boolean countsLike(Limit other) {
        return limit == other || limit.countsLike(other);
    }

    boolean reaches(long nanos) {
        return nanos - baseNanos <= servedNanos;
    }

    /** Ticks since the base of the only rate, at an instant that is {@linkplain #reaches(long) reached}. */
    long ticksSinceBase(TokenBucket only, long nanos) {
        return only.ticks(nanos - baseNanos);
    }

    /** Ticks since the base of a smooth rate; of one that was left alone for very long, fewer. */
    long ticksSinceBase(int rate, long nanos) {
        return smooth[rate].ticks(Math.min(nanos - baseNanos, fullNanos[rate]));
    }
}
