package io.ratelimit;

import java.util.List;

/**
 * What the buckets of a limit look like in memory: their rates, and the instant from which their ticks count.
 *
 * <p>Ticks count from a base, because an instant in units, {@code now·r}, outgrows a long: at a refill of a million
 * units a microsecond after a hundred days. A shape that is about to is replaced by one with a later base, and its buckets
 * move over one by one as they are charged, just as they do when the limit is redefined.
 */
final class Shape {

    private static final long BASE_STEP = 1_000_000;
    private static final long MOST_UNITS = 1L << 61;
    private static final long MOST_NANOS = 1L << 61;

    final Limit limit;
    final TokenBucket[] rates;
    private final long baseNanos;
    private final long servedNanos;

    /** A shape whose base is the last whole millisecond of the store's clock, so that ticks fall where they fell before. */
    Shape(Limit limit, long nanos) {
        List<TokenBucket> buckets = limit.buckets();
        this.limit = limit;
        this.rates = buckets.toArray(new TokenBucket[0]);
        this.baseNanos = nanos - nanos % BASE_STEP;
        long served = MOST_NANOS;
        for (TokenBucket rate : rates) {
            if (!rate.isInterval()) {
                long ticks = MOST_UNITS / rate.refill();
                served =
                        Math.min(served, ticks < MOST_NANOS / rate.tickNanos() ? ticks * rate.tickNanos() : MOST_NANOS);
            }
        }
        this.servedNanos = served;
    }

    boolean serves(Limit other, long nanos) {
        return limit.equals(other) && nanos - baseNanos <= servedNanos;
    }

    /** Whether a bucket is one word that one compare-and-set changes. */
    boolean isNarrow() {
        return rates.length == 1 && !rates[0].isInterval();
    }

    /** Ticks since the base, at most twice those it serves: a bucket left alone for so long is full, and stays countable. */
    long ticks(int rate, long nanos) {
        long elapsed = Math.min(nanos - baseNanos, 2 * servedNanos - 1);
        return rates[rate].tickNanos() == 1000 ? elapsed / 1000 : elapsed / 1_000_000;
    }
}
