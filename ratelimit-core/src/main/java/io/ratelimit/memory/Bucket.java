package io.ratelimit.memory;

import io.ratelimit.Charge;
import io.ratelimit.Limit;
import io.ratelimit.algorithm.ConcurrencyLeases;
import io.ratelimit.algorithm.Observations;
import io.ratelimit.algorithm.RateAlgorithm;
import io.ratelimit.algorithm.TokenBucket;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The state of one key of a limit in memory, and its entry in the {@linkplain BucketMap map}.
 *
 * <p>For a limit with one smooth rate the state is a single word: the instant at which the bucket is full again, in
 * units of the rate. Otherwise the word is only a lock, and the state is beside it: one word for each smooth rate, or
 * the state of any other {@link RateAlgorithm}. A thread that sets the word to {@link #LOCKED} owns the bucket until it
 * sets another word. A bucket whose word is {@link #GONE} stays so, and is about to be removed from the map or has
 * been.
 */
final class Bucket {

    static final long LOCKED = Long.MIN_VALUE;
    static final long GONE = Long.MIN_VALUE + 1;
    static final long FULL = 0;

    /** The wait for a cost that does not fit within the longest wait. */
    static final long REJECTED = -1;

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
    /** The key, or its digest, under which the bucket is in the map; null if keys share this bucket. */
    private final @Nullable String key;
    /** The state beside the word: for smooth rates one array with an element for each, else an array for each rate. */
    private long @Nullable [][] states;

    private volatile long word;

    /** The hash of the key in the map, or the number of a shared bucket. Written by the map. */
    int hash;

    /** The next bucket of the same chain in the map. Written by the map. */
    volatile @Nullable Bucket next;

    private Bucket(@Nullable String key, BucketLayout layout, long word, long @Nullable [][] states) {
        this.key = key;
        this.layout = layout;
        this.word = word;
        this.states = states;
    }

    /** Creates a full bucket, locked by the caller. */
    static Bucket lockedFull(String key, BucketLayout layout) {
        return new Bucket(key, layout, LOCKED, fullStored(layout));
    }

    /** Creates a full bucket for keys to share, locked by the caller. */
    static Bucket lockedShared(int number, BucketLayout layout) {
        Bucket bucket = new Bucket(null, layout, LOCKED, fullStored(layout));
        bucket.hash = number;
        return bucket;
    }

    /** Creates a locked copy of this bucket for another key, to be unlocked with the word of this one. */
    Bucket lockedCopy(String other) {
        long[][] copy = states == null ? null : states.clone();
        for (int i = 0; copy != null && i < copy.length; i++) {
            copy[i] = copy[i].clone();
        }
        return new Bucket(other, layout, LOCKED, copy);
    }

    /** Creates a full bucket of another layout, for the same key or number, locked by the caller. */
    Bucket lockedFull(BucketLayout other) {
        Bucket bucket = new Bucket(key, other, LOCKED, fullStored(other));
        bucket.hash = hash;
        return bucket;
    }

    /** Creates a full bucket that is not locked. */
    static Bucket full(String key, BucketLayout layout) {
        return new Bucket(key, layout, FULL, fullStored(layout));
    }

    private static long @Nullable [][] fullStored(BucketLayout layout) {
        if (layout.singleRate != null) {
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

    /** Returns the key of a bucket that is not shared. */
    String key() {
        return Objects.requireNonNull(key);
    }

    /**
     * Returns whether this is the bucket of a key of a limit, or of a removed limit of its name. Compares references
     * first; a full comparison alone would make the hot path too long to be inlined.
     */
    boolean isOf(int ofBoth, Limit limit, String text) {
        return text == key && limit == layout.limit
                || hash == ofBoth && text.equals(key) && limit.name().equals(layout.limit.name());
    }

    /** Returns whether this is the bucket of a key of an owner. */
    boolean isOf(int ofBoth, BucketOwner owner, String text) {
        return hash == ofBoth && owner == layout.owner && text.equals(key);
    }

    long word() {
        return word;
    }

    /** Returns whether a word is neither {@link #LOCKED} nor {@link #GONE}. */
    static boolean isFree(long word) {
        return word > GONE;
    }

    boolean replace(long expected, long next) {
        return WORD.compareAndSet(this, expected, next);
    }

    /**
     * Waits for the lock and acquires it; returns the word before, or {@link #GONE} if the bucket cannot be locked any
     * more.
     */
    long lock() {
        for (int tries = 0; ; tries++) {
            long current = word;
            if (current == GONE || current != LOCKED && replace(current, LOCKED)) {
                return current;
            }
            pause(tries);
        }
    }

    /** Releases the lock by setting a word: the one before, a new one, or {@link #GONE}. */
    void unlock(long next) {
        WORD.setRelease(this, next);
    }

    /**
     * Pauses after a failed attempt to change a word, for longer after each. Two threads that retry at once keep
     * invalidating each other's cache line, and together get less done than one of them alone.
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

    /** Returns the state of the only rate of this locked bucket, if that is not smooth. */
    long[] state() {
        return stored()[0];
    }

    /** Sets the state of the only rate of this locked bucket, if that is not smooth. */
    void setState(long[] next) {
        stored()[0] = next;
    }

    /**
     * Records the present state of each rate of this locked bucket for a charge without a lease.
     *
     * @param locked the word that {@link #lock()} returned
     * @param first the index of the first rate in the observations
     * @return the nanoseconds until the cost fits, or {@link #REJECTED} if that is longer than the wait
     */
    long observe(long cost, Duration maxWait, long locked, long nanos, Observations observations, int first) {
        TokenBucket only = layout.singleRate;
        if (only != null) {
            long tick = layout.ticksSinceBase(only, nanos);
            only.observeLevel(layout.baseTicks + tick, only.level(locked, tick), observations, first);
            return untilAdmitted(only, observations, first, cost, maxWait);
        }
        long longest = 0;
        for (int i = 0; i < layout.rates.length; i++) {
            RateAlgorithm rate = layout.rates[i];
            if (layout.isSmooth()) {
                layout.smooth[i].observeLevel(rate.ticks(nanos), level(i, locked, nanos), observations, first + i);
            } else {
                rate.observe(stored()[i], rate.ticks(nanos), cost, observations, first + i);
            }
            longest = longerWait(longest, untilAdmitted(rate, observations, first + i, cost, maxWait));
        }
        return longest;
    }

    /** Returns the nanoseconds until a cost fits, or {@link #REJECTED} if that is longer than the wait. */
    static long untilAdmitted(RateAlgorithm rate, Observations observations, int index, long cost, Duration maxWait) {
        long ticks = rate.ticksUntilAdmitted(observations, index, cost);
        return ticks == 0 ? 0 : ticks <= rate.waitWithin(maxWait) ? ticks * rate.tickNanos() : REJECTED;
    }

    /** Returns the longer one of two waits; {@link #REJECTED} is the longest. */
    static long longerWait(long one, long other) {
        return one == REJECTED || other == REJECTED ? REJECTED : Math.max(one, other);
    }

    /** Returns whether the clock moved far back since this locked bucket was changed. */
    boolean clockMovedBack(long nanos) {
        for (int i = 0; !layout.isSmooth() && i < layout.rates.length; i++) {
            if (layout.rates[i].clockMovedBack(stored()[i], layout.rates[i].ticks(nanos))) {
                return true;
            }
        }
        return false;
    }

    /**
     * Consumes a cost from each rate of this locked bucket in place, for a charge without a lease.
     *
     * @param waitNanos the time until the grant
     * @param observations what {@link #observe} recorded
     * @param first the index of the first rate in the observations
     * @return the word to unlock it with
     */
    long consume(long cost, long nanos, long waitNanos, Observations observations, int first) {
        TokenBucket only = layout.singleRate;
        if (only != null) {
            long left = only.observedLevel(observations, first) - cost * only.unitsPerThousandth();
            return only.fullAt(left, observations.instant(first) - layout.baseTicks);
        }
        long next = FULL;
        for (int i = 0; i < layout.rates.length; i++) {
            if (layout.isSmooth()) {
                TokenBucket smooth = layout.smooth[i];
                long left = smooth.observedLevel(observations, first + i) - cost * smooth.unitsPerThousandth();
                next = setLevel(i, left, nanos);
            } else {
                RateAlgorithm rate = layout.rates[i];
                long granted = observations.instant(first + i) + rate.ticks(waitNanos);
                stored()[i] = rate.consume(rate.advance(stored()[i], rate.ticks(nanos)), cost, granted);
            }
        }
        return next;
    }

    /** Returns whether calls wait for leases of this locked bucket. */
    boolean hasQueue() {
        ConcurrencyLeases leases = layout.rates[0].asLeases();
        return leases != null && leases.hasQueue(stored()[0]);
    }

    /**
     * Releases the lease of a charge, or a part of it, from this locked bucket in place; returns false, with nothing
     * changed, if calls wait for leases.
     */
    boolean release(Charge charge, long nanos) {
        ConcurrencyLeases leases = layout.rates[0].asLeases();
        if (leases == null || leases.hasQueue(stored()[0])) {
            return false;
        }
        ConcurrencyLeases own = leases.forLease(charge.lease());
        long now = own.ticks(nanos);
        stored()[0] = own.refund(own.advance(stored()[0], now), charge.cost(), now);
        return true;
    }

    /**
     * Returns a copy of the present state of each rate; {@code locked} is the word that {@link #lock()} returned.
     */
    long[][] states(long locked, long nanos) {
        long[][] now = new long[layout.rates.length][];
        for (int i = 0; i < now.length; i++) {
            long tick = layout.rates[i].ticks(nanos);
            now[i] = layout.isSmooth()
                    ? new long[] {tick, level(i, locked, nanos)}
                    : layout.rates[i].advance(stored()[i].clone(), tick);
        }
        return now;
    }

    /** Sets the state of a locked bucket; returns the word to unlock it with. */
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

    /** Returns the present level of a smooth rate of a locked bucket, in units. */
    long level(int rate, long locked, long nanos) {
        long fullAt = layout.singleRate != null ? locked : stored()[0][rate];
        return layout.smooth[rate].level(fullAt, layout.ticksSinceBase(rate, nanos));
    }

    /** Sets the level of a smooth rate of a locked bucket; returns the word to unlock it with. */
    long setLevel(int rate, long level, long nanos) {
        long fullAt = layout.smooth[rate].fullAt(level, layout.ticksSinceBase(rate, nanos));
        if (layout.singleRate != null) {
            return fullAt;
        }
        stored()[0][rate] = fullAt;
        return FULL;
    }

    /**
     * Returns how full a locked bucket is, from 0 to 1: the least of its rates, and 0 while a lease is held; 1 if its
     * limit was removed.
     */
    double fullness(long locked, long nanos) {
        if (layout.owner.isRemoved()) {
            return 1;
        }
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

    /** Returns the state of this locked bucket in another layout. A full bucket is full in any layout. */
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
     * Returns whether a rejection by a rate of another layout should convert this locked bucket to that layout: if the
     * layouts count alike, or the other rate refills faster. If calls under two configurations alternate, only the
     * faster one converts the bucket, so that no refill is lost to rounding in repeated conversions.
     */
    boolean yieldsTo(BucketLayout wanted, int rate, long locked, long nanos) {
        RateAlgorithm scale = wanted.rates[rate];
        return wanted.countsLike(layout) || scale.isFasterThan(layout.rates[origin(scale, states(locked, nanos))]);
    }

    /**
     * Returns the index of the rate that a rate of another layout continues: one it can migrate from, else the most
     * used.
     */
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
