package io.ratelimit.memory;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.Limit;
import io.ratelimit.RateLimitStore;
import io.ratelimit.RateLimiter;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.algorithm.InvalidLimitException;
import io.ratelimit.algorithm.LeaseState;
import io.ratelimit.algorithm.Observations;
import io.ratelimit.algorithm.Rate;
import io.ratelimit.algorithm.RateAlgorithm;
import io.ratelimit.algorithm.TokenBucket;
import io.ratelimit.memory.LockedBuckets.BucketLookup;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A store that keeps buckets in this JVM's memory, on a monotonic clock.
 *
 * <p>A call of one key whose limit has a single smooth token-bucket rate is decided by one compare-and-set. Any other
 * call locks the buckets of all of its keys, reads the clock once, decides, and writes all buckets before it unlocks
 * them. One background thread deletes full buckets, and those of limits that were removed.
 *
 * <p><b>Bounded memory.</b> At most {@code maxKeys} keys have a bucket of their own, and at most one for each kilobyte
 * of the JVM's maximum heap. If there is no room for another key, the fullest of 16 sampled buckets is evicted,
 * provided that it is at least half full; an eviction thus grants a key at most half a capacity more than its rate. If
 * none of them is, the new key shares one of 1,024 buckets of its limit until there is room; if many limits need such
 * buckets at once, one of at least 16. A key of more than 200 characters is replaced by a digest. So millions of
 * rotating keys neither exhaust the heap nor refill an exhausted bucket, and lock out no key that has a bucket. Keys
 * that are crafted to have the same hash code are as fast as others.
 */
public final class InMemoryRateLimitStore implements RateLimitStore {

    /** The default number of keys that may have a bucket of their own. */
    public static final int DEFAULT_MAX_KEYS = 1_000_000;

    private static final int HEAP_BYTES_PER_KEY = 1_024;

    private final LongSupplier clock;
    private final long originNanos;
    private final BucketMap buckets = new BucketMap();
    private final CapacityEviction eviction;
    private final BucketsByLimit limits;
    private final BucketLookup decisionLookup = this::find;
    private final BucketLookup changeLookup = (charge, ownBucket) -> findDecided(charge, false, ownBucket);
    private final BucketLookup debitLookup = (charge, ownBucket) -> findDecided(charge, true, ownBucket);
    /**
     * The task of the sweeper's thread, which refers to it weakly. Only this store refers to it strongly, so that the
     * thread ends when the store is no longer reachable.
     */
    private final Runnable sweep = this::sweep;

    private final FullBucketSweeper sweeper = new FullBucketSweeper(sweep);
    private volatile LongConsumer ready = lease -> {};

    private InMemoryRateLimitStore(LongSupplier clock, long originNanos, int maxKeys) {
        if (maxKeys < 1) {
            throw new IllegalArgumentException("Invalid maxKeys " + maxKeys + ": not positive; use 1 or more");
        }
        this.clock = clock;
        this.originNanos = originNanos;
        long heap = Runtime.getRuntime().maxMemory();
        this.eviction = new CapacityEviction((int) Math.min(maxKeys, heap / HEAP_BYTES_PER_KEY), buckets, this::nanos);
        this.limits = new BucketsByLimit(buckets, eviction, this::nanos);
    }

    /** {@return a store for at most {@value #DEFAULT_MAX_KEYS} keys, on the JVM's monotonic clock} */
    public static InMemoryRateLimitStore create() {
        return create(DEFAULT_MAX_KEYS);
    }

    /**
     * Creates a store on the JVM's monotonic clock. The time of day is read only once, here, to align fixed windows;
     * later changes of the system time have no effect.
     *
     * @param maxKeys the number of keys that may have a bucket of their own, 1 or more. A key with its bucket takes
     *     about 110 bytes, twice that with several rates or another algorithm, and 16 more for each entry of a sliding
     *     window
     * @return the store
     * @throws IllegalArgumentException if {@code maxKeys} is not positive
     */
    public static InMemoryRateLimitStore create(int maxKeys) {
        long sinceEpoch = TimeUnit.MILLISECONDS.toNanos(System.currentTimeMillis());
        return new InMemoryRateLimitStore(System::nanoTime, System.nanoTime() - sinceEpoch, maxKeys);
    }

    /**
     * Creates a store on a custom clock.
     *
     * @param nanoClock nanoseconds since the epoch, never decreasing. If no limit has fixed windows or sliding-window
     *     counters, the origin may be any other instant, as that of {@link System#nanoTime}
     * @param maxKeys the number of keys that may have a bucket of their own, 1 or more
     * @return the store
     * @throws IllegalArgumentException if {@code maxKeys} is not positive
     */
    public static InMemoryRateLimitStore create(LongSupplier nanoClock, int maxKeys) {
        return new InMemoryRateLimitStore(nanoClock, Math.min(0, nanoClock.getAsLong()), maxKeys);
    }

    /** {@return an empty registry on a new store of this kind, for use without Spring; closing it closes the store} */
    public static RateLimiterRegistry newRegistry() {
        return new RateLimiterRegistry(create(), List.of());
    }

    /**
     * Returns a limiter on a new store of this kind, for use without Spring. Its limit is named {@code default}.
     *
     * <pre>{@code
     * RateLimiter limiter = InMemoryRateLimitStore.newLimiter("10/s", "100/1m");
     * }</pre>
     *
     * @param rates one or more texts that {@link Rate#parse(String)} reads
     * @return the limiter
     * @throws InvalidLimitException if a rate is invalid
     */
    public static RateLimiter newLimiter(String... rates) {
        return newRegistry().define(Limit.of("default", rates));
    }

    @Override
    public String name() {
        return "memory";
    }

    /** {@return the number of keys that have a bucket of their own now} */
    public long keys() {
        return eviction.keys();
    }

    /** {@return the number of buckets that were evicted before they were full} */
    public long evictions() {
        return eviction.evictions();
    }

    /** {@return the number of charges to a shared bucket, because there was no room for one of their own} */
    public long overflows() {
        return eviction.overflows();
    }

    @Override
    public Decision decide(Charge charge) {
        return decide(charge, Duration.ZERO);
    }

    @Override
    public Decision decide(List<Charge> charges, Duration maxWait) {
        return charges.size() == 1 ? decide(charges.get(0), maxWait) : decideLocked(charges, maxWait);
    }

    @Override
    public CompletionStage<Decision> decideAsync(List<Charge> charges, Duration maxWait) {
        return CompletableFuture.completedFuture(decide(charges, maxWait));
    }

    @Override
    public CompletionStage<Void> refund(Decision taken, List<Charge> unused) {
        change(unused, changeLookup, locked -> locked.refund(taken.grantTicks(locked.charge)));
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletionStage<Void> debit(Decision taken, List<Charge> more) {
        change(more, debitLookup, LockedBucket::debit);
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletionStage<List<LeaseState>> renew(List<Decision> decisions) {
        return CompletableFuture.completedFuture(
                decisions.stream().map(this::renewed).toList());
    }

    private LeaseState renewed(Decision decision) {
        List<LeaseState> states = new ArrayList<>();
        List<Charge> leases = decision.leases().stream()
                .filter(charge -> !charge.limit().isRemoved())
                .toList();
        // A limit may be removed after the line above, and its leases are then not found, but not lost either.
        change(
                leases,
                changeLookup,
                locked -> states.add(locked.charge.limit().isRemoved() ? LeaseState.HELD : locked.renew()));
        return states.stream().reduce(LeaseState.HELD, LeaseState::and);
    }

    @Override
    public void onLeaseReady(LongConsumer listener) {
        ready = listener;
    }

    @Override
    public void reset(Limit limit, String key) {
        limits.of(limit).fill(key);
    }

    /**
     * Frees the buckets of the limit. No call finds them any more. Each removal deletes a few of them, and the
     * background thread deletes the others within about ten seconds, so that no caller waits for a scan of all keys.
     */
    @Override
    public void limitRemoved(Limit limit) {
        limits.remove(limit);
        eviction.deleteSomeOfRemovedLimits();
    }

    @Override
    public void close() {
        sweeper.close();
    }

    /** Deletes all full buckets, and those of limits that were removed. */
    void sweep() {
        limits.sweep();
    }

    private Decision decide(Charge charge, Duration maxWait) {
        // A long key is stored under its digest and is not found here; the general case computes the digest.
        Bucket bucket = buckets.get(charge.limit(), charge.key());
        Decision decision = null;
        if (bucket != null && isDecidedBy(bucket, charge.limit())) {
            TokenBucket only = bucket.layout.singleRate;
            if (only != null) {
                decision = decideByWord(charge, maxWait, bucket, only);
            } else if (bucket.layout.isSmooth()) {
                decision = decideByWords(charge, maxWait, bucket, bucket.layout.smooth);
            }
        }
        return decision != null ? decision : decideLocked(List.of(charge), maxWait);
    }

    /**
     * Returns whether a bucket that was found by name decides a call. It may be of a limit that was removed, or the
     * call may be late, and the bucket of a limit that was defined again under the name.
     */
    private static boolean isDecidedBy(Bucket bucket, Limit limit) {
        BucketLayout layout = bucket.layout;
        return layout.countsLike(limit) && !layout.owner.isRemoved() && (layout.limit == limit || !limit.isRemoved());
    }

    /**
     * Decides a charge of one smooth rate by one compare-and-set; returns null if the bucket is gone or of an old
     * layout.
     */
    private @Nullable Decision decideByWord(Charge charge, Duration maxWait, Bucket bucket, TokenBucket rate) {
        for (int tries = 0; ; tries++) {
            // The word is read before the clock: a word newer than the time would show fewer tokens than there ever
            // were.
            long word = bucket.word();
            if (!Bucket.isFree(word)) {
                if (word == Bucket.GONE) {
                    return null;
                }
                Bucket.pause(tries);
                continue;
            }
            long nanos = nanos();
            if (!bucket.layout.reaches(nanos)) {
                return null;
            }
            long now = bucket.layout.ticksSinceBase(rate, nanos);
            long level = rate.level(word, now);
            long units = rate.price(charge.cost());
            boolean admitted = level >= units
                    || units == 0
                    || !maxWait.isZero() && rate.ticksUntilAdmitted(level, charge.cost()) <= rate.waitWithin(maxWait);
            long taken = admitted ? units : 0;
            if (taken == 0 || bucket.replace(word, rate.fullAt(level - taken, now))) {
                return Decision.ofLevel(charge, maxWait, admitted, level, nanos);
            }
            Bucket.pause(tries);
        }
    }

    /** Decides a charge of several smooth rates under the lock of its bucket; returns null as {@link #decideByWord}. */
    private @Nullable Decision decideByWords(Charge charge, Duration maxWait, Bucket bucket, TokenBucket[] rates) {
        long word = bucket.lock();
        if (word == Bucket.GONE) {
            return null;
        }
        try {
            long nanos = nanos();
            if (!bucket.layout.reaches(nanos)) {
                return null;
            }
            long[] levels = new long[rates.length];
            boolean admitted = true;
            for (int i = 0; i < rates.length; i++) {
                levels[i] = bucket.level(i, word, nanos);
                admitted &= charge.cost() == 0
                        || rates[i].ticksUntilAdmitted(levels[i], charge.cost()) <= rates[i].waitWithin(maxWait);
            }
            if (admitted && charge.cost() > 0) {
                for (int i = 0; i < rates.length; i++) {
                    bucket.setLevel(i, levels[i] - charge.cost() * rates[i].unitsPerThousandth(), nanos);
                }
            }
            return Decision.ofLevels(charge, maxWait, admitted, levels, nanos);
        } finally {
            bucket.unlock(word);
        }
    }

    /** Changes the buckets of an earlier decision, even if their limits have been reconfigured since. */
    private void change(List<Charge> charges, BucketLookup lookup, Consumer<LockedBucket> change) {
        try (LockedBuckets locked = LockedBuckets.lock(charges, lookup)) {
            locked.look(nanos());
            for (LockedBucket bucket : locked.buckets) {
                change.accept(bucket);
            }
            locked.unlock(ready);
        }
    }

    /** Decides any number of charges, of any algorithm, under the locks of all of their buckets. */
    private Decision decideLocked(List<Charge> charges, Duration maxWait) {
        try (LockedBuckets locked = LockedBuckets.lock(charges, decisionLookup)) {
            sweeper.start();
            locked.look(nanos());
            Decision decision = decide(locked.buckets, charges, maxWait);
            locked.unlock(ready);
            return decision;
        }
    }

    private Decision decide(LockedBucket[] lockedBuckets, List<Charge> charges, Duration maxWait) {
        int rates = 0;
        for (LockedBucket locked : lockedBuckets) {
            rates += locked.charge.limit().algorithms().size();
        }
        Observations observations = Observations.ofRates(rates);
        Duration reservation = Decision.maxReservation(charges, maxWait);
        boolean admitted = true;
        long waitNanos = 0;
        int index = 0;
        for (int i = 0; i < lockedBuckets.length; i++) {
            Charge charge = lockedBuckets[i].charge;
            boolean mayFit = charge.cost() <= charge.limit().capacity();
            for (int rate = 0; rate < charge.limit().algorithms().size(); rate++, index++) {
                RateAlgorithm algorithm = charge.limit().algorithms().get(rate);
                lockedBuckets[i].observe(rate, lockedBuckets, i, observations, index);
                long wait = algorithm.ticksUntilAdmitted(observations, index, charge.cost());
                if (wait == 0) {
                    continue;
                }
                if (wait <= algorithm.waitWithin(reservation)) {
                    waitNanos = Math.max(waitNanos, wait * algorithm.tickNanos());
                } else {
                    admitted = false;
                    if (mayFit) {
                        lockedBuckets[i].reject(rate);
                    }
                }
            }
        }
        Decision decision = Decision.of(charges, maxWait, admitted, observations);
        if (admitted) {
            consume(lockedBuckets, waitNanos, observations);
        } else {
            queue(lockedBuckets, decision.isQueued());
        }
        return decision;
    }

    private static void queue(LockedBucket[] lockedBuckets, boolean queued) {
        for (LockedBucket locked : lockedBuckets) {
            if (queued) {
                locked.queue();
            } else {
                locked.leaveQueue();
            }
        }
    }

    private static void consume(LockedBucket[] lockedBuckets, long waitNanos, Observations observations) {
        int first = 0;
        for (LockedBucket locked : lockedBuckets) {
            if (locked.charge.cost() > 0) {
                locked.consume(waitNanos, observations, first);
            }
            first += locked.charge.limit().algorithms().size();
        }
    }

    private static boolean mayConsume(Charge charge) {
        return charge.cost() > 0 && charge.cost() <= charge.limit().capacity();
    }

    private LockedBucket find(Charge charge, boolean ownBuckets) {
        LimitBuckets ofLimit = limits.of(charge.limit());
        BucketLayout layout = ofLimit.layout(charge.limit());
        return new LockedBucket(
                charge, ofLimit, layout, bucket(charge, ofLimit, layout, mayConsume(charge), ownBuckets));
    }

    /**
     * Finds the bucket of a charge that was decided earlier, to change it in the layout that it has.
     *
     * @param createBucket whether a key without a bucket, which is full, gets one
     */
    private LockedBucket findDecided(Charge charge, boolean createBucket, boolean ownBuckets) {
        LimitBuckets ofLimit = limits.of(charge.limit());
        BucketLayout current = ofLimit.layout();
        Bucket bucket = bucket(charge, ofLimit, current, createBucket && charge.cost() > 0, ownBuckets);
        return new LockedBucket(charge, ofLimit, bucket == null ? current : ofLimit.layoutOf(bucket), bucket);
    }

    private static @Nullable Bucket bucket(
            Charge charge, LimitBuckets ofLimit, BucketLayout layout, boolean createBucket, boolean ownBuckets) {
        return createBucket ? ofLimit.bucket(charge.key(), layout, ownBuckets) : ofLimit.find(charge.key());
    }

    private long nanos() {
        return clock.getAsLong() - originNanos;
    }
}
