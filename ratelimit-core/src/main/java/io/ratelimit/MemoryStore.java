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
public final class MemoryStore implements RateLimitStore {

    /** How many keys may have buckets of their own unless said otherwise. */
    public static final int DEFAULT_MAX_KEYS = 1_000_000;

    private static final int PATIENCE = 100;
    private static final int HEAP_OF_A_KEY = 1_024;

    private final LongSupplier clock;
    private final long originNanos;
    private final BucketMap buckets = new BucketMap();
    private final ConcurrentMap<String, BucketTable> tables = new ConcurrentHashMap<>();
    private final Room room;
    private final Sweeper sweeper = new Sweeper();
    private volatile LongConsumer ready = lease -> {};

    private MemoryStore(LongSupplier clock, long originNanos, int maxKeys) {
        if (maxKeys < 1) {
            throw new IllegalArgumentException("Invalid maxKeys " + maxKeys + ": not positive; use 1 or more");
        }
        this.clock = clock;
        this.originNanos = originNanos;
        long heap = Runtime.getRuntime().maxMemory();
        this.room = new Room((int) Math.min(maxKeys, heap / HEAP_OF_A_KEY), buckets, this::nanos);
    }

    /** {@return a store of at most a million keys, on the JVM's monotonic clock} */
    public static MemoryStore create() {
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
    public static MemoryStore create(int maxKeys) {
        long sinceEpoch = TimeUnit.MILLISECONDS.toNanos(System.currentTimeMillis());
        return new MemoryStore(System::nanoTime, System.nanoTime() - sinceEpoch, maxKeys);
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
    public static MemoryStore create(LongSupplier nanoClock, int maxKeys) {
        return new MemoryStore(nanoClock, Math.min(0, nanoClock.getAsLong()), maxKeys);
    }

    @Override
    public String name() {
        return "memory";
    }

    /** {@return how many keys have buckets of their own now} */
    public long keys() {
        return room.taken();
    }

    /** {@return how many buckets that were not full were dropped for want of room} */
    public long evictions() {
        return room.evictions();
    }

    /** {@return how many charges went to a shared bucket for want of room} */
    public long overflows() {
        return room.refusals();
    }

    @Override
    public Decision decide(Charge charge) {
        return decide(charge, Duration.ZERO);
    }

    @Override
    public Decision decide(List<Charge> charges, Duration maxWait) {
        return charges.size() == 1 ? decide(charges.get(0), maxWait) : decideHeld(charges, maxWait);
    }

    @Override
    public CompletionStage<Decision> decideAsync(List<Charge> charges, Duration maxWait) {
        return CompletableFuture.completedFuture(decide(charges, maxWait));
    }

    @Override
    public CompletionStage<Void> giveBack(Decision taken, List<Charge> unused) {
        change(unused, false, hold -> hold.giveBack(taken.grants(hold.charge)));
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletionStage<Void> owe(Decision taken, List<Charge> more) {
        change(more, true, Hold::owe);
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletionStage<List<LeaseState>> renew(List<Decision> decisions) {
        return CompletableFuture.completedFuture(
                decisions.stream().map(this::renewed).toList());
    }

    private LeaseState renewed(Decision decision) {
        List<LeaseState> states = new ArrayList<>();
        change(decision.leases(), false, hold -> states.add(hold.renew()));
        return states.stream().reduce(LeaseState.HELD, LeaseState::and);
    }

    @Override
    public void whenReady(LongConsumer listener) {
        ready = listener;
    }

    @Override
    public void forget(Limit limit, String key) {
        table(limit).fill(key);
    }

    @Override
    public void close() {
        sweeper.close();
    }

    /** Drops every bucket that is full. */
    void sweep() {
        tables.values().forEach(BucketTable::sweepShared);
        for (Bucket bucket : buckets) {
            table(bucket.shape.limit).sweep(bucket);
        }
    }

    private Decision decide(Charge charge, Duration maxWait) {
        // A key that is not short is not found so, and is for the general case, which shortens it.
        Bucket bucket = buckets.get(charge.limit(), charge.key());
        Decision decision = null;
        if (bucket != null && bucket.shape.countsLike(charge.limit())) {
            TokenBucket only = bucket.shape.narrow;
            if (only != null) {
                decision = decideByWord(charge, maxWait, bucket, only);
            } else if (bucket.shape.isSmooth()) {
                decision = decideByWords(charge, maxWait, bucket, bucket.shape.smooth);
            }
        }
        return decision != null ? decision : decideHeld(List.of(charge), maxWait);
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
            if (!bucket.shape.reaches(nanos)) {
                return null;
            }
            long now = bucket.shape.ticksSinceBase(rate, nanos);
            long level = rate.level(word, now);
            long price = rate.price(charge.cost());
            boolean admitted = level >= price
                    || price == 0
                    || !maxWait.isZero() && rate.untilAdmitted(level, charge.cost()) <= rate.waitWithin(maxWait);
            long taken = admitted ? price : 0;
            if (taken == 0 || bucket.replace(word, rate.fullAt(level - taken, now))) {
                return new Decision(charge, maxWait, admitted, level, nanos);
            }
            Bucket.pause(tries);
        }
    }

    /** Several smooth rates of one key: hold its bucket, read the clock once, decide, write. Null as above. */
    private @Nullable Decision decideByWords(Charge charge, Duration maxWait, Bucket bucket, TokenBucket[] rates) {
        long word = bucket.hold();
        if (word == Bucket.GONE) {
            return null;
        }
        try {
            long nanos = nanos();
            if (!bucket.shape.reaches(nanos)) {
                return null;
            }
            long[] levels = new long[rates.length];
            boolean admitted = true;
            for (int i = 0; i < rates.length; i++) {
                levels[i] = bucket.level(i, word, nanos);
                admitted &= charge.cost() == 0
                        || rates[i].untilAdmitted(levels[i], charge.cost()) <= rates[i].waitWithin(maxWait);
            }
            if (admitted && charge.cost() > 0) {
                for (int i = 0; i < rates.length; i++) {
                    bucket.setLevel(i, levels[i] - charge.cost() * rates[i].unitsPerThousandth(), nanos);
                }
            }
            return new Decision(charge, maxWait, admitted, levels, nanos);
        } finally {
            bucket.release(word);
        }
    }

    /** Changes what keys have taken, whatever fits, and however their limits are configured by now. */
    private void change(List<Charge> charges, boolean placed, Consumer<Hold> change) {
        Hold[] holds = hold(charges, (charge, ownBuckets) -> locateTaken(charge, placed, ownBuckets));
        try {
            long nanos = nanos();
            for (Hold hold : holds) {
                hold.look(nanos);
                change.accept(hold);
            }
            letGoAndTell(holds);
        } finally {
            abandon(holds);
        }
    }

    /** Any number of rates and keys: hold all buckets in one order, read the clock once, decide, write all, let go. */
    private Decision decideHeld(List<Charge> charges, Duration maxWait) {
        Hold[] holds = hold(charges, this::locate);
        try {
            return decide(holds, charges, maxWait);
        } finally {
            abandon(holds);
        }
    }

    private Decision decide(Hold[] holds, List<Charge> charges, Duration maxWait) {
        sweeper.start(this);
        long nanos = nanos();
        int rates = 0;
        for (Hold hold : holds) {
            hold.look(nanos);
            rates += hold.charge.limit().arithmetic().size();
        }
        long[] seen = new long[Arithmetic.SEEN * rates];
        Duration promised = Decision.promised(charges, maxWait);
        boolean admitted = true;
        long waitNanos = 0;
        int at = 0;
        for (int i = 0; i < holds.length; i++) {
            Charge charge = holds[i].charge;
            boolean mayFit = charge.cost() <= charge.limit().capacity();
            for (int rate = 0; rate < charge.limit().arithmetic().size(); rate++, at += Arithmetic.SEEN) {
                Arithmetic arithmetic = charge.limit().arithmetic().get(rate);
                holds[i].see(rate, holds, i, seen, at);
                long wait = arithmetic.untilAdmitted(seen, at, charge.cost());
                if (wait == 0) {
                    continue;
                }
                if (wait <= arithmetic.waitWithin(promised)) {
                    waitNanos = Math.max(waitNanos, wait * arithmetic.tickNanos());
                } else {
                    admitted = false;
                    if (mayFit) {
                        holds[i].refuse(rate);
                    }
                }
            }
        }
        Decision decision = Decision.of(charges, maxWait, admitted, seen);
        if (admitted) {
            take(holds, waitNanos, seen);
        } else {
            queue(holds, decision.isQueued());
        }
        letGoAndTell(holds);
        return decision;
    }

    private static void queue(Hold[] holds, boolean queued) {
        for (Hold hold : holds) {
            if (queued) {
                hold.queue();
            } else {
                hold.leaveQueue();
            }
        }
    }

    private static void take(Hold[] holds, long waitNanos, long[] seen) {
        int at = 0;
        for (Hold hold : holds) {
            if (hold.charge.cost() > 0) {
                hold.charge(waitNanos, seen, at);
            }
            at += Arithmetic.SEEN * hold.charge.limit().arithmetic().size();
        }
    }

    private Hold[] hold(List<Charge> charges, Locator locator) {
        Hold[] holds = new Hold[charges.size()];
        for (int tries = 0; !holdAll(charges, holds, locator, tries < PATIENCE); tries++) {
            Bucket.pause(tries);
        }
        return holds;
    }

    /**
     * Finds the bucket of each charge, or makes one where it needs one, then holds them in one order for all callers. False:
     * start again. Where there is room for fewer keys than the call has, each new bucket may drop the one before; then its
     * keys share.
     */
    private boolean holdAll(List<Charge> charges, Hold[] holds, Locator locator, boolean ownBuckets) {
        for (int i = 0; i < holds.length; i++) {
            holds[i] = locator.locate(charges.get(i), ownBuckets);
        }
        Hold[] ordered = holds.clone();
        Arrays.sort(ordered, Hold.ORDER);
        boolean held = false;
        try {
            held = takeAll(ordered);
        } finally {
            if (!held) {
                abandon(holds);
            }
        }
        return held;
    }

    private static boolean takeAll(Hold[] ordered) {
        Hold last = null;
        for (Hold hold : ordered) {
            if (!hold.take(last)) {
                return false;
            }
            last = hold;
        }
        for (Hold hold : ordered) {
            if (hold.isOutdated()) {
                return false;
            }
        }
        return true;
    }

    private static boolean mayTake(Charge charge) {
        return charge.cost() > 0 && charge.cost() <= charge.limit().capacity();
    }

    private Hold locate(Charge charge, boolean ownBuckets) {
        BucketTable table = table(charge.limit());
        Shape shape = table.shape(charge.limit());
        return new Hold(charge, table, shape, bucket(charge, table, shape, mayTake(charge), ownBuckets));
    }

    /** What was decided before is changed in the bucket's own configuration, in which its state is told. */
    private Hold locateTaken(Charge charge, boolean placed, boolean ownBuckets) {
        BucketTable table = table(charge.limit());
        Bucket bucket = bucket(charge, table, table.shape(), placed && charge.cost() > 0, ownBuckets);
        return new Hold(charge, table, table.shapeOf(bucket), bucket);
    }

    private static Bucket bucket(Charge charge, BucketTable table, Shape shape, boolean placed, boolean ownBuckets) {
        Bucket bucket = placed ? table.bucket(charge.key(), shape, ownBuckets) : table.find(charge.key());
        return bucket == null ? Bucket.full(charge.key(), shape) : bucket;
    }

    /** Those who queue may have become ready; they are told once nothing is held any more. */
    private void letGoAndTell(Hold[] holds) {
        long[][] leases = new long[holds.length][];
        for (int i = 0; i < holds.length; i++) {
            leases[i] = holds[i].ready();
        }
        letGo(holds);
        for (long[] each : leases) {
            for (long lease : each) {
                ready.accept(lease);
            }
        }
    }

    private static void letGo(Hold[] holds) {
        for (Hold hold : holds) {
            hold.letGo();
        }
    }

    /** What is still held, because something failed, stays as it was: whoever comes next would wait for it for ever. */
    private static void abandon(Hold[] holds) {
        for (Hold hold : holds) {
            hold.abandon();
        }
    }

    private BucketTable table(Limit limit) {
        BucketTable table = tables.get(limit.name());
        return table != null
                ? table
                : tables.computeIfAbsent(limit.name(), name -> new BucketTable(limit, buckets, room, this::nanos));
    }

    private long nanos() {
        return clock.getAsLong() - originNanos;
    }

    /** Finds the bucket of a charge, or makes one; whether keys get buckets of their own is up to who calls. */
    @FunctionalInterface
    private interface Locator {

        Hold locate(Charge charge, boolean ownBuckets);
    }
}
