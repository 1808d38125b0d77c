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
import io.ratelimit.memory.LockedBuckets.BucketLookup;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A store that keeps buckets in this JVM's memory, on a monotonic clock.
 *
 * <p>A call locks the buckets of all of its keys, reads the clock once, decides, and changes all buckets before it
 * unlocks them. For one key whose limit has a single smooth token-bucket rate, all of this is one compare-and-set. One
 * background thread deletes full buckets, and those of limits that were removed.
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

    private final StoreClock clock;
    private final BucketMap buckets = new BucketMap();
    private final CapacityEviction eviction;
    private final BucketsByLimit limits;
    private final InPlaceDecisions inPlace;
    private final BucketLookup decisionLookup = new DecisionLookup();
    private final BucketLookup changeLookup = new ChangeLookup(false);
    private final BucketLookup debitLookup = new ChangeLookup(true);
    private final FullBucketSweeper sweeper;
    private volatile @Nullable LongConsumer ready;

    private InMemoryRateLimitStore(StoreClock clock, int maxKeys) {
        if (maxKeys < 1) {
            throw new IllegalArgumentException("Invalid maxKeys " + maxKeys + ": not positive; use 1 or more");
        }
        this.clock = clock;
        long heap = Runtime.getRuntime().maxMemory();
        this.eviction = new CapacityEviction((int) Math.min(maxKeys, heap / HEAP_BYTES_PER_KEY), buckets, clock);
        this.limits = new BucketsByLimit(buckets, eviction, clock);
        this.inPlace = new InPlaceDecisions(buckets, clock);
        this.sweeper = new FullBucketSweeper(limits);
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
     *     about 110 bytes, twice that with several rates or another algorithm, and 16 to 24 more for each entry of a
     *     sliding window
     * @return the store
     * @throws IllegalArgumentException if {@code maxKeys} is not positive
     */
    public static InMemoryRateLimitStore create(int maxKeys) {
        return new InMemoryRateLimitStore(StoreClock.monotonic(), maxKeys);
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
        return new InMemoryRateLimitStore(StoreClock.of(nanoClock), maxKeys);
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
    public boolean isRemote() {
        return false;
    }

    @Override
    public Decision decide(Charge charge, Duration maxWait) {
        Decision decision = inPlace.decide(charge, maxWait);
        return decision != null ? decision : decideOnCopies(List.of(charge), maxWait);
    }

    @Override
    public Decision decide(List<Charge> charges, Duration maxWait) {
        Decision decision = decideInPlace(charges, maxWait);
        return decision != null ? decision : decideOnCopies(charges, maxWait);
    }

    /** Decides a call without a copy of a state; returns null, with nothing changed, if that is not possible. */
    @Nullable Decision decideInPlace(List<Charge> charges, Duration maxWait) {
        return charges.size() == 1 ? inPlace.decide(charges.get(0), maxWait) : inPlace.decide(charges, maxWait);
    }

    @Override
    public CompletionStage<Decision> decideAsync(List<Charge> charges, Duration maxWait) {
        return CompletableFuture.completedFuture(decide(charges, maxWait));
    }

    @Override
    public CompletionStage<Void> refund(Decision taken, List<Charge> unused) {
        if (unused.size() != 1 || !inPlace.release(unused.get(0))) {
            refundOnCopies(taken, unused);
        }
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

    /** Changes the buckets of an earlier decision, even if their limits have been reconfigured since. */
    private void change(List<Charge> charges, BucketLookup lookup, Consumer<LockedBucket> change) {
        try (LockedBuckets locked = LockedBuckets.lock(charges, lookup)) {
            locked.look(clock.nanos());
            for (LockedBucket bucket : locked.buckets) {
                change.accept(bucket);
            }
            locked.unlock(ready);
        }
    }

    /** Decides any call, on copies of the states of its locked buckets. */
    Decision decideOnCopies(List<Charge> charges, Duration maxWait) {
        try (LockedBuckets locked = LockedBuckets.lock(charges, decisionLookup)) {
            sweeper.start();
            locked.look(clock.nanos());
            Decision decision = decide(locked.buckets, charges, maxWait);
            locked.unlock(ready);
            return decision;
        }
    }

    /** Refunds any charges, on copies of the states of their locked buckets. */
    void refundOnCopies(Decision taken, List<Charge> unused) {
        change(unused, changeLookup, locked -> locked.refund(taken.grantTicks(locked.charge)));
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

    private static @Nullable Bucket bucket(
            Charge charge, LimitBuckets ofLimit, BucketLayout layout, boolean createBucket, boolean ownBuckets) {
        return createBucket ? ofLimit.bucket(charge.key(), layout, ownBuckets) : ofLimit.find(charge.key());
    }

    /** Finds the bucket of a charge that is to be decided, or creates one if the charge may consume from it. */
    private final class DecisionLookup implements BucketLookup {

        @Override
        public LockedBucket find(Charge charge, boolean ownBucket) {
            LimitBuckets ofLimit = limits.of(charge.limit());
            BucketLayout layout = ofLimit.layout(charge.limit());
            return new LockedBucket(
                    charge, ofLimit, layout, bucket(charge, ofLimit, layout, mayConsume(charge), ownBucket));
        }
    }

    /** Finds the bucket of a charge that was decided earlier, to change it in the layout that it has. */
    private final class ChangeLookup implements BucketLookup {

        private final boolean createBucket;

        /** @param createBucket whether a key without a bucket, which is full, gets one */
        ChangeLookup(boolean createBucket) {
            this.createBucket = createBucket;
        }

        @Override
        public LockedBucket find(Charge charge, boolean ownBucket) {
            LimitBuckets ofLimit = limits.of(charge.limit());
            BucketLayout current = ofLimit.layout();
            Bucket bucket = bucket(charge, ofLimit, current, createBucket && charge.cost() > 0, ownBucket);
            return new LockedBucket(charge, ofLimit, bucket == null ? current : ofLimit.layoutOf(bucket), bucket);
        }
    }
}
