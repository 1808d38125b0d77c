package io.ratelimit;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What one key has taken, in memory.
 *
 * <p>Where the limit has one smooth rate it is one word, the instant at which the bucket is full again. Otherwise the word
 * only says who may touch the state beside it. Whoever sets a word to {@link #HELD} owns the bucket until setting it back;
 * a word that is {@link #GONE} stays so, and its bucket is no longer, or in a moment will no longer be, in its table.
 */
final class Bucket {

    static final long HELD = Long.MIN_VALUE;
    static final long GONE = Long.MIN_VALUE + 1;
    static final long FULL = 0;

    private static final int SPINS = 64;
    private static final VarHandle WORD;

    static {
        try {
            WORD = MethodHandles.lookup().findVarHandle(Bucket.class, "word", long.class);
        } catch (ReflectiveOperationException ex) {
            throw new ExceptionInInitializerError(ex);
        }
    }

    final Shape shape;
    /** The state of each rate, where one word is too little. */
    private long @Nullable [][] states;

    private volatile long word;

    private Bucket(Shape shape, long word, long @Nullable [][] states) {
        this.shape = shape;
        this.word = word;
        this.states = states;
    }

    /** A full bucket that the caller holds. */
    static Bucket heldFull(Shape shape) {
        return new Bucket(shape, HELD, shape.narrow == null ? fullStates(shape, 0) : null);
    }

    /** A bucket with the same state, held; to be released with the word of this one. */
    Bucket heldCopy() {
        return new Bucket(shape, HELD, states);
    }

    /** A full bucket that nobody holds. */
    static Bucket full(Shape shape) {
        Bucket bucket = heldFull(shape);
        bucket.word = FULL;
        return bucket;
    }

    long word() {
        return word;
    }

    boolean replace(long expected, long next) {
        return WORD.compareAndSet(this, expected, next);
    }

    /** Waits for the bucket and holds it; returns the word it had, or {@link #GONE}. */
    long hold() {
        for (int spins = 0; ; spins++) {
            long seen = word;
            if (seen == GONE || seen != HELD && replace(seen, HELD)) {
                return seen;
            }
            pause(spins);
        }
    }

    /** Ends a hold, with the word it had before, a new one, or {@link #GONE}. */
    void release(long next) {
        word = next;
    }

    static void pause(int spins) {
        if (spins < SPINS) {
            Thread.onSpinWait();
        } else {
            Thread.yield();
        }
    }

    /** The state of each rate of a held bucket now; {@code held} is the word that {@link #hold()} returned. */
    long[][] states(long held, long nanos) {
        TokenBucket narrow = shape.narrow;
        if (narrow != null) {
            return new long[][] {{Shape.ticks(narrow, nanos), narrow.level(held, shape.ticksSinceBase(narrow, nanos))}};
        }
        long[][] now = new long[shape.rates.length][];
        for (int i = 0; i < now.length; i++) {
            now[i] = shape.rates[i].refreshed(stored()[i], Shape.ticks(shape.rates[i], nanos));
        }
        return now;
    }

    /** Gives a held bucket another state; returns the word to release it with. */
    long set(long[][] next, long nanos) {
        TokenBucket narrow = shape.narrow;
        if (narrow != null) {
            return narrow.fullAt(next[0][1], shape.ticksSinceBase(narrow, nanos));
        }
        states = next;
        return FULL;
    }

    /** How full a held bucket is: the least of its rates, 1 if all are full; 0 with a lease, which somebody holds. */
    double fullness(long held, long nanos) {
        long[][] now = states(held, nanos);
        double least = shape.limit.isLeased() && !isFull(now) ? 0 : 1;
        for (int i = 0; i < now.length; i++) {
            double out = shape.rates[i].out(now[i]);
            least = Math.min(least, 1 - out / shape.rates[i].capacityThousandths());
        }
        return least;
    }

    boolean isFull(long held, long nanos) {
        TokenBucket narrow = shape.narrow;
        return narrow != null
                ? narrow.level(held, shape.ticksSinceBase(narrow, nanos)) == narrow.capacity()
                : isFull(states(held, nanos));
    }

    private boolean isFull(long[][] now) {
        for (int i = 0; i < now.length; i++) {
            if (!shape.rates[i].isFull(now[i])) {
                return false;
            }
        }
        return true;
    }

    /** The state of this held bucket in another shape. A full bucket is none, and so is full in any shape. */
    long[][] reshaped(long held, Shape wanted, long nanos) {
        long[][] now = states(held, nanos);
        if (isFull(now)) {
            return fullStates(wanted, nanos);
        }
        long[][] next = new long[wanted.rates.length][];
        for (int i = 0; i < next.length; i++) {
            Arithmetic rate = wanted.rates[i];
            long tick = Shape.ticks(rate, nanos);
            int origin = origin(rate, now);
            Arithmetic before = shape.rates[origin];
            next[i] = rate.continues(before)
                    ? rate.continued(now[origin], before, tick)
                    : rate.withOut(before.out(now[origin]), tick);
        }
        return next;
    }

    /**
     * Whether a refusal by a rate of another shape should leave this held bucket in that shape: if nothing is lost by it, or
     * tokens come back sooner. Where two configurations take turns, only the faster one then does, and no refill is lost to
     * rounding on the way to and fro.
     */
    boolean yieldsTo(Shape wanted, int rate, long held, long nanos) {
        Arithmetic scale = wanted.rates[rate];
        return wanted.limit.countsLike(shape.limit)
                || scale.isFasterThan(shape.rates[origin(scale, states(held, nanos))]);
    }

    /** The rate whose state a rate of another shape continues: that of its period, else the one that has most tokens out. */
    private int origin(Arithmetic rate, long[][] now) {
        int most = 0;
        for (int i = 0; i < shape.rates.length; i++) {
            if (rate.continues(shape.rates[i])) {
                return i;
            }
            if (shape.rates[i].out(now[i]) > shape.rates[most].out(now[most])) {
                most = i;
            }
        }
        return most;
    }

    private long[][] stored() {
        return Objects.requireNonNull(states);
    }

    private static long[][] fullStates(Shape shape, long nanos) {
        long[][] full = new long[shape.rates.length][];
        for (int i = 0; i < full.length; i++) {
            full[i] = shape.rates[i].full(Shape.ticks(shape.rates[i], nanos));
        }
        return full;
    }
}
