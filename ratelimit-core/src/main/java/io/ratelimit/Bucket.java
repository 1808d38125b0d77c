package io.ratelimit;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What one key has taken, in memory, and its entry in the table.
 *
 * <p>Where the limit has one smooth rate it is one word, the instant at which the bucket is full again. Otherwise the word
 * only says who may touch the state beside it: of several smooth rates a word each, of others what their arithmetic keeps.
 * Whoever sets a word to {@link #LOCKED} owns the bucket until setting it back; a word that is {@link #GONE} stays so, and its
 * bucket is no longer, or in a moment will no longer be, in its table.
 */
final class Bucket {

    static final long LOCKED = Long.MIN_VALUE;
    static final long GONE = Long.MIN_VALUE + 1;
    static final long FULL = 0;

    private static final long FIRST_PAUSE_NANOS = 256;
    private static final int MOST_DOUBLINGS = 3;
    private static final int MOST_PAUSES = 64;
    private static final VarHandle WORD;

    static {
        try {
            WORD = MethodHandles.lookup().findVarHandle(Bucket.class, "word", long.class);
        } catch (ReflectiveOperationException ex) {
            throw new ExceptionInInitializerError(ex);
        }
    }

    final BucketLayout layout;
    /** The text under which the bucket stands in its table; null if it is shared. */
    private final @Nullable String key;
    /** The state where one word is too little: of smooth rates the first array, each an element; else an array for each rate. */
    private long @Nullable [][] states;

    private volatile long word;

    /** For the table that the bucket is in: the hash of its key there, or the number of a shared one, and the bucket after it. */
    int hash;

    volatile @Nullable Bucket next;

    private Bucket(@Nullable String key, BucketLayout layout, long word, long @Nullable [][] states) {
        this.key = key;
        this.layout = layout;
        this.word = word;
        this.states = states;
    }

    /** A full bucket that the caller holds. */
    static Bucket lockedFull(String key, BucketLayout layout) {
        return new Bucket(key, layout, LOCKED, fullStored(layout));
    }

    /** A full bucket that many keys share, that the caller holds. */
    static Bucket lockedShared(int number, BucketLayout layout) {
        Bucket bucket = new Bucket(null, layout, LOCKED, fullStored(layout));
        bucket.hash = number;
        return bucket;
    }

    /** A bucket of another key with the same state, held; to be released with the word of this one. */
    Bucket lockedCopy(String other) {
        long[][] copy = states == null ? null : states.clone();
        for (int i = 0; copy != null && i < copy.length; i++) {
            copy[i] = copy[i].clone();
        }
        return new Bucket(other, layout, LOCKED, copy);
    }

    /** A bucket in another shape in the place of this one: of the same key or number, full, held. */
    Bucket lockedFull(BucketLayout other) {
        Bucket bucket = new Bucket(key, other, LOCKED, fullStored(other));
        bucket.hash = hash;
        return bucket;
    }

    /** A full bucket that nobody holds. */
    static Bucket full(String key, BucketLayout layout) {
        return new Bucket(key, layout, FULL, fullStored(layout));
    }

    private static long @Nullable [][] fullStored(BucketLayout layout) {
        if (layout.singleBucket != null) {
            return null;
        }
        return layout.isSmooth() ? new long[][] {new long[layout.smooth.length]} : fullStates(layout, 0);
    }

    boolean isShared() {
        return key == null;
    }

    Limit limit() {
        return layout.limit;
    }

    /** The key of a bucket that is not shared. */
    String key() {
        return Objects.requireNonNull(key);
    }

    /** Compares what may be the same objects as such first: the code of a whole comparison makes the hot path too long to inline. */
    boolean isOf(int ofBoth, Limit limit, String text) {
        return text == key && limit == layout.limit
                || hash == ofBoth && text.equals(key) && limit.name().equals(layout.limit.name());
    }

    long word() {
        return word;
    }

    /** Whether a word is neither {@link #LOCKED} nor {@link #GONE}. */
    static boolean isFree(long word) {
        return word > GONE;
    }

    boolean replace(long expected, long next) {
        return WORD.compareAndSet(this, expected, next);
    }

    /** Waits for the bucket and holds it; returns the word it had, or {@link #GONE}. */
    long lock() {
        for (int tries = 0; ; tries++) {
            long seen = word;
            if (seen == GONE || seen != LOCKED && replace(seen, LOCKED)) {
                return seen;
            }
            pause(tries);
        }
    }

    /** Ends a hold, with the word it had before, a new one, or {@link #GONE}. */
    void unlock(long next) {
        word = next;
    }

    /**
     * Waits a little after a try in vain, longer after each. Two threads that try at once each take the word out of the other's
     * cache, and get less done together than one alone, which the other may as well wait for.
     */
    static void pause(int tries) {
        if (tries >= MOST_PAUSES) {
            Thread.yield();
            return;
        }
        long begun = System.nanoTime();
        long nanos = FIRST_PAUSE_NANOS << Math.min(tries, MOST_DOUBLINGS);
        do {
            Thread.onSpinWait();
        } while (System.nanoTime() - begun < nanos);
    }

    /** The state of each rate of a held bucket now; {@code held} is the word that {@link #lock()} returned. */
    long[][] states(long locked, long nanos) {
        long[][] now = new long[layout.rates.length][];
        for (int i = 0; i < now.length; i++) {
            long tick = layout.rates[i].ticks(nanos);
            now[i] = layout.isSmooth()
                    ? new long[] {tick, level(i, locked, nanos)}
                    : layout.rates[i].advance(stored()[i], tick);
        }
        return now;
    }

    /** Gives a held bucket another state; returns the word to release it with. */
    long set(long[][] next, long nanos) {
        if (!layout.isSmooth()) {
            states = next;
            return FULL;
        }
        long locked = FULL;
        for (int i = 0; i < next.length; i++) {
            locked = setLevel(i, next[i][1], nanos);
        }
        return locked;
    }

    /** The level of a smooth rate of a held bucket now, in units. */
    long level(int rate, long locked, long nanos) {
        long fullAt = layout.singleBucket != null ? locked : stored()[0][rate];
        return layout.smooth[rate].level(fullAt, layout.ticksSinceBase(rate, nanos));
    }

    /** Gives a smooth rate of a held bucket another level; returns the word to release it with. */
    long setLevel(int rate, long level, long nanos) {
        long fullAt = layout.smooth[rate].fullAt(level, layout.ticksSinceBase(rate, nanos));
        if (layout.singleBucket != null) {
            return fullAt;
        }
        stored()[0][rate] = fullAt;
        return FULL;
    }

    /** How full a held bucket is: the least of its rates, 1 if all are full; 0 with a lease, which somebody holds. */
    double fullness(long locked, long nanos) {
        long[][] now = states(locked, nanos);
        double least = 1;
        for (int i = 0; i < now.length; i++) {
            least = Math.min(least, layout.rates[i].fullness(now[i]));
        }
        return least;
    }

    boolean isFull(long locked, long nanos) {
        if (!layout.isSmooth()) {
            return isFull(states(locked, nanos));
        }
        for (int i = 0; i < layout.smooth.length; i++) {
            if (level(i, locked, nanos) != layout.smooth[i].capacity()) {
                return false;
            }
        }
        return true;
    }

    private boolean isFull(long[][] now) {
        for (int i = 0; i < now.length; i++) {
            if (!layout.rates[i].isFull(now[i])) {
                return false;
            }
        }
        return true;
    }

    /** The state of this held bucket in another shape. A full bucket is none, and so is full in any shape. */
    long[][] migrated(long locked, BucketLayout wanted, long nanos) {
        long[][] now = states(locked, nanos);
        if (isFull(now)) {
            return fullStates(wanted, nanos);
        }
        long[][] next = new long[wanted.rates.length][];
        for (int i = 0; i < next.length; i++) {
            RateAlgorithm rate = wanted.rates[i];
            long tick = rate.ticks(nanos);
            int origin = origin(rate, now);
            RateAlgorithm before = layout.rates[origin];
            next[i] = rate.canMigrateFrom(before)
                    ? rate.migrate(now[origin], before, tick)
                    : rate.fullWithUsed(before.used(now[origin]), tick);
        }
        return next;
    }

    /**
     * Whether a refusal by a rate of another shape should leave this held bucket in that shape: if nothing is lost by it, or
     * tokens come back sooner. Where two configurations take turns, only the faster one then does, and no refill is lost to
     * rounding on the way to and fro.
     */
    boolean yieldsTo(BucketLayout wanted, int rate, long locked, long nanos) {
        RateAlgorithm scale = wanted.rates[rate];
        return wanted.limit.countsLike(layout.limit)
                || scale.isFasterThan(layout.rates[origin(scale, states(locked, nanos))]);
    }

    /** The rate whose state a rate of another shape continues: that of its period, else the one that has most tokens out. */
    private int origin(RateAlgorithm rate, long[][] now) {
        int most = 0;
        for (int i = 0; i < layout.rates.length; i++) {
            if (rate.canMigrateFrom(layout.rates[i])) {
                return i;
            }
            if (layout.rates[i].used(now[i]) > layout.rates[most].used(now[most])) {
                most = i;
            }
        }
        return most;
    }

    private long[][] stored() {
        return Objects.requireNonNull(states);
    }

    private static long[][] fullStates(BucketLayout layout, long nanos) {
        long[][] full = new long[layout.rates.length][];
        for (int i = 0; i < full.length; i++) {
            full[i] = layout.rates[i].full(layout.rates[i].ticks(nanos));
        }
        return full;
    }
}
