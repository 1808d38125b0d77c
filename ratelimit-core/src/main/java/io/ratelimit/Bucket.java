package io.ratelimit;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * The bucket of one key in memory.
 *
 * <p>Where the limit has one smooth rate the bucket is one word, the instant at which it is full again. Otherwise the word
 * only says who may touch the state beside it. Whoever sets a word to {@link #HELD} owns the bucket until setting it back;
 * a word that is {@link #GONE} stays so, and its bucket is no longer, or in a moment will no longer be, in its table.
 */
final class Bucket {

    static final long HELD = Long.MIN_VALUE;
    static final long GONE = Long.MIN_VALUE + 1;
    static final long FULL = 0;

    private static final int WORDS = 2;
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
    /** For each rate of a wide bucket the instant when it is full again, or its level and the start of its period. */
    private final long @Nullable [] state;

    private volatile long word;

    private Bucket(Shape shape, long word, long @Nullable [] state) {
        this.shape = shape;
        this.word = word;
        this.state = state;
    }

    /** A full bucket that the caller holds. */
    static Bucket heldFull(Shape shape) {
        if (shape.isNarrow()) {
            return new Bucket(shape, HELD, null);
        }
        long[] state = new long[WORDS * shape.rates.length];
        for (int i = 0; i < shape.rates.length; i++) {
            if (shape.rates[i].isInterval()) {
                state[WORDS * i] = shape.rates[i].capacity();
            }
        }
        return new Bucket(shape, HELD, state);
    }

    /** A bucket with the same state, held; to be released with the word of this one. */
    Bucket heldCopy() {
        return new Bucket(shape, HELD, state == null ? null : state.clone());
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

    /** The level of a rate in units; {@code held} is the word that {@link #hold()} returned. */
    long level(int rate, long held, long nanos) {
        TokenBucket bucket = shape.rates[rate];
        long now = shape.ticks(rate, nanos);
        if (state == null) {
            return bucket.level(held, now);
        }
        return bucket.isInterval()
                ? bucket.intervalLevel(state[WORDS * rate], state[WORDS * rate + 1], now)
                : bucket.level(state[WORDS * rate], now);
    }

    /** Ticks since the period of a rate at this level began. */
    long phase(int rate, long level, long nanos) {
        TokenBucket bucket = shape.rates[rate];
        if (state == null || !bucket.isInterval()) {
            return 0;
        }
        long now = shape.ticks(rate, nanos);
        return now - bucket.intervalStart(level, state[WORDS * rate + 1], now);
    }

    /** Sets a held bucket's rate to a level reached {@code phase} ticks into a period; returns the word to release it with. */
    long set(int rate, long level, long phase, long nanos) {
        TokenBucket bucket = shape.rates[rate];
        long now = shape.ticks(rate, nanos);
        if (state == null) {
            return bucket.fullAt(level, now);
        }
        if (bucket.isInterval()) {
            state[WORDS * rate] = level;
            state[WORDS * rate + 1] = now - phase;
        } else {
            state[WORDS * rate] = bucket.fullAt(level, now);
        }
        return 0;
    }

    /** How full a held bucket is: the least of its rates, 1 if all are full. */
    double fullness(long held, long nanos) {
        double least = 1;
        for (int i = 0; i < shape.rates.length; i++) {
            least = Math.min(least, (double) level(i, held, nanos) / shape.rates[i].capacity());
        }
        return least;
    }

    boolean isFull(long held, long nanos) {
        for (int i = 0; i < shape.rates.length; i++) {
            if (level(i, held, nanos) < shape.rates[i].capacity()) {
                return false;
            }
        }
        return true;
    }

    /** The content of this held bucket in another shape, not held. A full bucket is none, and so is full in any shape. */
    Bucket reshaped(long held, Shape wanted, long nanos) {
        if (isFull(held, nanos)) {
            return full(wanted);
        }
        Bucket bucket = heldFull(wanted);
        long next = FULL;
        for (int i = 0; i < wanted.rates.length; i++) {
            TokenBucket scale = wanted.rates[i];
            int origin = origin(scale, held, nanos);
            long before = level(origin, held, nanos);
            if (scale.matches(shape.rates[origin])) {
                long level = scale.adopt(before, shape.rates[origin]);
                long phase = level == scale.capacity() ? 0 : phase(origin, before, nanos);
                next = bucket.set(i, level, phase, nanos);
            } else {
                long left = Math.max(0, scale.capacityThousandths() - out(origin, held, nanos));
                next = bucket.set(i, left * scale.unitsPerThousandth(), 0, nanos);
            }
        }
        bucket.word = next;
        return bucket;
    }

    /**
     * Whether a refusal by a rate of another shape should leave this held bucket in that shape: if nothing is lost by it, or
     * tokens come back sooner. Where two configurations take turns, only the faster one then does, and no refill is lost to
     * rounding on the way to and fro.
     */
    boolean yieldsTo(Shape wanted, int rate, long held, long nanos) {
        TokenBucket scale = wanted.rates[rate];
        return wanted.limit.rates().equals(shape.limit.rates()) && wanted.limit.refill() == shape.limit.refill()
                || scale.refillsFasterThan(shape.rates[origin(scale, held, nanos)]);
    }

    /** The rate whose state a rate of another shape continues: that of its period, else the one that has most tokens out. */
    private int origin(TokenBucket rate, long held, long nanos) {
        int most = 0;
        for (int i = 0; i < shape.rates.length; i++) {
            if (rate.matches(shape.rates[i])) {
                return i;
            }
            if (out(i, held, nanos) > out(most, held, nanos)) {
                most = i;
            }
        }
        return most;
    }

    /** Thousandths that a rate lacks, rounded up. */
    private long out(int rate, long held, long nanos) {
        return shape.rates[rate].capacityThousandths() - shape.rates[rate].remaining(level(rate, held, nanos));
    }
}
