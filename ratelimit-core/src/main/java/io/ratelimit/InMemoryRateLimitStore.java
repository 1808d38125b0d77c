package io.ratelimit;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Buckets in this JVM's memory, on a monotonic clock.
 *
 * <p>One smooth rate of a token bucket, of one key, is one compare-and-set; several of them are a word each, written while
 * the bucket is held. A decision over several keys holds their buckets in one order, reads the clock once, decides, writes
 * all, and lets go. Full buckets are dropped by one background thread.
 *
 * <p><b>Bounded memory.</b> At most {@code maxKeys} keys, and one for each kilobyte of the JVM's largest heap, have buckets
 * of their own. When there is no room, the fullest of a few buckets sampled in turn makes way if it is at least half full,
 * which gives its key at most half a capacity beyond its rate, each time. If none is, the new key shares one of 1,024 buckets
 * of its limit until there is room. Of a key longer than 200 characters only a digest is kept. So keys that rotate by the
 * million neither exhaust the heap, nor refill an exhausted bucket, nor lock everyone out; and keys that are made up to have
 * one hash code are as quick as others.
 */
public final class InMemoryRateLimitStore implements RateLimitStore {

    /** How many keys may have buckets of their own unless said otherwise. */
    public static final int DEFAULT_MAX_KEYS = 1_000_000;

    private static final int PATIENCE = 100;
    private static final int HEAP_OF_A_KEY = 1_024;

    private final LongSupplier clock;
    private final long originNanos;
    private final BucketMap buckets = new BucketMap();
    private final ConcurrentMap<String, LimitBuckets> tables = new ConcurrentHashMap<>();
    private final CapacityEviction eviction;
    private final FullBucketSweeper sweeper = new FullBucketSweeper();
    private volatile LongConsumer ready = lease -> {};

    private InMemoryRateLimitStore(LongSupplier clock, long originNanos, int maxKeys) {
        if (maxKeys < 1) {
            throw new IllegalArgumentException("Invalid maxKeys " + maxKeys + ": not positive; use 1 or more");
        }
        this.clock = clock;
        this.originNanos = originNanos;
        long heap = Runtime.getRuntime().maxMemory();
        this.eviction = new CapacityEviction((int) Math.min(maxKeys, heap / HEAP_OF_A_KEY), buckets, this::nanos);
    }

    /** {@return a store of at most a million keys, on the JVM's monotonic clock} */
    public static InMemoryRateLimitStore create() {
        return create(DEFAULT_MAX_KEYS);
    }

    /**
     * A store on the JVM's monotonic clock. The time of day is read once, now, so that windows begin when they should; when
     * somebody sets the clock later, they go on as they were.
     *
     * @param maxKeys how many keys may have buckets of their own, 1 or more; a key with its bucket takes some 110 bytes,
     *     twice that with several rates or another algorithm, and 16 more for each entry of a sliding window
     * @return the store
     * @throws IllegalArgumentException if {@code maxKeys} is not positive
     */
    public static InMemoryRateLimitStore create(int maxKeys) {
        long sinceEpoch = TimeUnit.MILLISECONDS.toNanos(System.currentTimeMillis());
        return new InMemoryRateLimitStore(System::nanoTime, System.nanoTime() - sinceEpoch, maxKeys);
    }

    /**
     * A store with a clock of its own.
     *
     * @param nanoClock nanoseconds since the epoch, never running back; since any other instant where no limit has fixed
     *     windows or sliding-window counters, such as {@link System#nanoTime}
     * @param maxKeys how many keys may have buckets of their own, 1 or more
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

    /** {@return how many keys have buckets of their own now} */
    public long keys() {
        return eviction.keys();
    }

    /** {@return how many buckets that were not full were dropped for want of room} */
    public long evictions() {
        return eviction.evictions();
    }

    /** {@return how many charges went to a shared bucket for want of room} */
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
        change(unused, false, locked -> locked.refund(taken.grantTicks(locked.charge)));
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletionStage<Void> debit(Decision taken, List<Charge> more) {
        change(more, true, LockedBucket::debit);
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletionStage<List<LeaseState>> renew(List<Decision> decisions) {
        return CompletableFuture.completedFuture(
                decisions.stream().map(this::renewed).toList());
    }

    private LeaseState renewed(Decision decision) {
        List<LeaseState> states = new ArrayList<>();
        change(decision.leases(), false, locked -> states.add(locked.renew()));
        return states.stream().reduce(LeaseState.HELD, LeaseState::and);
    }

    @Override
    public void onLeaseReady(LongConsumer listener) {
        ready = listener;
    }

    @Override
    public void reset(Limit limit, String key) {
        table(limit).fill(key);
    }

    @Override
    public void close() {
        sweeper.close();
    }

    /** Drops every bucket that is full. */
    void sweep() {
        tables.values().forEach(LimitBuckets::sweepShared);
        for (Bucket bucket : buckets) {
            table(bucket.layout.limit).sweep(bucket);
        }
    }

    private Decision decide(Charge charge, Duration maxWait) {
        // A key that is not short is not found so, and is for the general case, which shortens it.
        Bucket bucket = buckets.get(charge.limit(), charge.key());
        Decision decision = null;
        if (bucket != null && bucket.layout.countsLike(charge.limit())) {
            TokenBucket only = bucket.layout.singleBucket;
            if (only != null) {
                decision = decideByWord(charge, maxWait, bucket, only);
            } else if (bucket.layout.isSmooth()) {
                decision = decideByWords(charge, maxWait, bucket, bucket.layout.smooth);
            }
        }
        return decision != null ? decision : decideLocked(List.of(charge), maxWait);
    }

    /** One smooth rate of one key: one compare-and-set. Null says that the bucket is not, or no longer, the right one. */
    private @Nullable Decision decideByWord(Charge charge, Duration maxWait, Bucket bucket, TokenBucket rate) {
        for (int tries = 0; ; tries++) {
            // The word before the clock: a word of later than now would show less than there ever was.
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
            long price = rate.price(charge.cost());
            boolean admitted = level >= price
                    || price == 0
                    || !maxWait.isZero() && rate.ticksUntilAdmitted(level, charge.cost()) <= rate.waitWithin(maxWait);
            long taken = admitted ? price : 0;
            if (taken == 0 || bucket.replace(word, rate.fullAt(level - taken, now))) {
                return Decision.ofLevel(charge, maxWait, admitted, level, nanos);
            }
            Bucket.pause(tries);
        }
    }

    /** Several smooth rates of one key: hold its bucket, read the clock once, decide, write. Null as above. */
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

    /** Changes what keys have taken, whatever fits, and however their limits are configured by now. */
    private void change(List<Charge> charges, boolean placed, Consumer<LockedBucket> change) {
        LockedBucket[] lockedBuckets = lock(charges, (charge, ownBuckets) -> locateTaken(charge, placed, ownBuckets));
        try {
            long nanos = nanos();
            for (LockedBucket locked : lockedBuckets) {
                locked.look(nanos);
                change.accept(locked);
            }
            unlockAndNotify(lockedBuckets);
        } finally {
            abandon(lockedBuckets);
        }
    }

    /** Any number of rates and keys: hold all buckets in one order, read the clock once, decide, write all, let go. */
    private Decision decideLocked(List<Charge> charges, Duration maxWait) {
        LockedBucket[] lockedBuckets = lock(charges, this::locate);
        try {
            return decide(lockedBuckets, charges, maxWait);
        } finally {
            abandon(lockedBuckets);
        }
    }

    private Decision decide(LockedBucket[] lockedBuckets, List<Charge> charges, Duration maxWait) {
        sweeper.start(this);
        long nanos = nanos();
        int rates = 0;
        for (LockedBucket locked : lockedBuckets) {
            locked.look(nanos);
            rates += locked.charge.limit().algorithms().size();
        }
        Observations observations = Observations.ofRates(rates);
        Duration promised = Decision.maxReservation(charges, maxWait);
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
                if (wait <= algorithm.waitWithin(promised)) {
                    waitNanos = Math.max(waitNanos, wait * algorithm.tickNanos());
                } else {
                    admitted = false;
                    if (mayFit) {
                        lockedBuckets[i].refuse(rate);
                    }
                }
            }
        }
        Decision decision = Decision.of(charges, maxWait, admitted, observations);
        if (admitted) {
            take(lockedBuckets, waitNanos, observations);
        } else {
            queue(lockedBuckets, decision.isQueued());
        }
        unlockAndNotify(lockedBuckets);
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

    private static void take(LockedBucket[] lockedBuckets, long waitNanos, Observations observations) {
        int first = 0;
        for (LockedBucket locked : lockedBuckets) {
            if (locked.charge.cost() > 0) {
                locked.charge(waitNanos, observations, first);
            }
            first += locked.charge.limit().algorithms().size();
        }
    }

    private LockedBucket[] lock(List<Charge> charges, BucketLookup locator) {
        LockedBucket[] lockedBuckets = new LockedBucket[charges.size()];
        for (int tries = 0; !lockAll(charges, lockedBuckets, locator, tries < PATIENCE); tries++) {
            Bucket.pause(tries);
        }
        return lockedBuckets;
    }

    /**
     * Finds the bucket of each charge, or makes one where it needs one, then holds them in one order for all callers. False:
     * start again. Where there is room for fewer keys than the call has, each new bucket may drop the one before; then its
     * keys share.
     */
    private boolean lockAll(
            List<Charge> charges, LockedBucket[] lockedBuckets, BucketLookup locator, boolean ownBuckets) {
        for (int i = 0; i < lockedBuckets.length; i++) {
            lockedBuckets[i] = locator.locate(charges.get(i), ownBuckets);
        }
        LockedBucket[] ordered = inOrder(lockedBuckets);
        boolean held = false;
        try {
            held = lockOrdered(ordered);
        } finally {
            if (!held) {
                abandon(lockedBuckets);
            }
        }
        return held;
    }

    /** Charges come in the order of their limits and keys, which is that of their buckets but for shared ones. */
    private static LockedBucket[] inOrder(LockedBucket[] lockedBuckets) {
        for (int i = 1; i < lockedBuckets.length; i++) {
            if (LockedBucket.ORDER.compare(lockedBuckets[i - 1], lockedBuckets[i]) > 0) {
                LockedBucket[] ordered = lockedBuckets.clone();
                Arrays.sort(ordered, LockedBucket.ORDER);
                return ordered;
            }
        }
        return lockedBuckets;
    }

    private static boolean lockOrdered(LockedBucket[] ordered) {
        LockedBucket last = null;
        for (LockedBucket locked : ordered) {
            if (!locked.lock(last)) {
                return false;
            }
            last = locked;
        }
        for (LockedBucket locked : ordered) {
            if (locked.isOutdated()) {
                return false;
            }
        }
        return true;
    }

    private static boolean mayTake(Charge charge) {
        return charge.cost() > 0 && charge.cost() <= charge.limit().capacity();
    }

    private LockedBucket locate(Charge charge, boolean ownBuckets) {
        LimitBuckets table = table(charge.limit());
        BucketLayout layout = table.layout(charge.limit());
        return new LockedBucket(charge, table, layout, bucket(charge, table, layout, mayTake(charge), ownBuckets));
    }

    /** What was decided before is changed in the bucket's own configuration, in which its state is told. */
    private LockedBucket locateTaken(Charge charge, boolean placed, boolean ownBuckets) {
        LimitBuckets table = table(charge.limit());
        Bucket bucket = bucket(charge, table, table.layout(), placed && charge.cost() > 0, ownBuckets);
        return new LockedBucket(charge, table, table.layoutOf(bucket), bucket);
    }

    private static Bucket bucket(
            Charge charge, LimitBuckets table, BucketLayout layout, boolean placed, boolean ownBuckets) {
        Bucket bucket = placed ? table.bucket(charge.key(), layout, ownBuckets) : table.find(charge.key());
        return bucket == null ? Bucket.full(charge.key(), layout) : bucket;
    }

    /** Those who queue may have become ready; they are told once nothing is held any more. */
    private void unlockAndNotify(LockedBucket[] lockedBuckets) {
        long[][] leases = new long[lockedBuckets.length][];
        for (int i = 0; i < lockedBuckets.length; i++) {
            leases[i] = lockedBuckets[i].ready();
        }
        unlock(lockedBuckets);
        for (long[] each : leases) {
            for (long lease : each) {
                ready.accept(lease);
            }
        }
    }

    private static void unlock(LockedBucket[] lockedBuckets) {
        for (LockedBucket locked : lockedBuckets) {
            locked.unlock();
        }
    }

    /** What is still held, because something failed, stays as it was: whoever comes next would wait for it for ever. */
    private static void abandon(LockedBucket[] lockedBuckets) {
        for (LockedBucket locked : lockedBuckets) {
            locked.abandon();
        }
    }

    private LimitBuckets table(Limit limit) {
        LimitBuckets table = tables.get(limit.name());
        return table != null
                ? table
                : tables.computeIfAbsent(limit.name(), name -> new LimitBuckets(limit, buckets, eviction, this::nanos));
    }

    private long nanos() {
        return clock.getAsLong() - originNanos;
    }

    /** Finds the bucket of a charge, or makes one; whether keys get buckets of their own is up to who calls. */
    @FunctionalInterface
    private interface BucketLookup {

        LockedBucket locate(Charge charge, boolean ownBuckets);
    }
}
