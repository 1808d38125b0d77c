package io.ratelimit;

import org.jspecify.annotations.Nullable;

/**
 * What the keys of a limit look like in memory: its rates and, for one smooth rate, the instant from which ticks count.
 *
 * <p>A bucket of one smooth rate is one word, the instant in units at which it is full, and such an instant, {@code now·r},
 * outgrows a long: at a refill of a million units a microsecond after a hundred days. So it counts from a base. A shape whose
 * base is about to be too long ago is replaced, and its buckets move over one by one as they are charged, just as they do
 * when the limit is redefined.
 */
final class Shape {

    private static final long BASE_STEP = 1_000_000;
    private static final long MOST_UNITS = 1L << 61;
    private static final long MOST_NANOS = 1L << 61;

    final Limit limit;
    final Arithmetic[] rates;
    /** The only rate, if a bucket is one word that one compare-and-set changes. */
    final @Nullable TokenBucket narrow;

    private final long baseNanos;
    private final long servedNanos;

    /** A shape whose base is the last whole millisecond of the store's clock, so that ticks fall where they fell before. */
    Shape(Limit limit, long nanos) {
        this.limit = limit;
        this.rates = limit.arithmetic().toArray(new Arithmetic[0]);
        this.narrow =
                rates.length == 1 && rates[0] instanceof TokenBucket bucket && !bucket.isInterval() ? bucket : null;
        this.baseNanos = nanos - nanos % BASE_STEP;
        this.servedNanos = narrow == null ? Long.MAX_VALUE : servedNanos(narrow);
    }

    private static long servedNanos(TokenBucket rate) {
        long ticks = MOST_UNITS / rate.refill();
        return ticks < MOST_NANOS / rate.tickNanos() ? ticks * rate.tickNanos() : MOST_NANOS;
    }

    boolean serves(Limit other, long nanos) {
        return (limit == other || limit.countsLike(other)) && nanos - baseNanos <= servedNanos;
    }

    /** Ticks since the base, at most twice those it serves: a bucket left alone for so long is full, and stays countable. */
    long ticksSinceBase(TokenBucket rate, long nanos) {
        long elapsed = Math.min(nanos - baseNanos, 2 * servedNanos - 1);
        return rate.tickNanos() == 1000 ? elapsed / 1000 : elapsed / 1_000_000;
    }

    static long ticks(Arithmetic rate, long nanos) {
        return rate.tickNanos() == 1000 ? nanos / 1000 : nanos / 1_000_000;
    }
}
