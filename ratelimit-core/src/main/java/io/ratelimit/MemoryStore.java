package io.ratelimit;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Buckets in this JVM's memory, on a monotonic clock.
 *
 * <p>One smooth rate of one key is one compare-and-set. A decision over several words holds its buckets in one order,
 * reads the clock once, decides, writes all, and lets go. Full buckets are dropped by one background thread.
 *
 * <p><b>Bounded memory.</b> At most {@code maxKeys} keys have buckets of their own. When there is no room, the fullest of
 * a few buckets sampled in turn makes way if it is at least half full, which gives its key at most half a capacity beyond
 * its rate, each time. If none is, the new key shares one of 1,024 buckets of its limit until there is room. Of a key longer
 * than 200 characters only a digest is kept. So keys that rotate by the million neither exhaust the heap, nor refill an
 * exhausted bucket, nor lock everyone out.
 */
public final class MemoryStore implements RateLimitStore {

    /** How many keys may have buckets of their own unless said otherwise. */
    public static final int DEFAULT_MAX_KEYS = 1_000_000;

    private static final int PATIENCE = 100;

    private final LongSupplier clock;
    private final long startNanos;
    private final ConcurrentMap<String, BucketTable> tables = new ConcurrentHashMap<>();
    private final Room room;
    private final Sweeper sweeper = new Sweeper();

    private MemoryStore(LongSupplier clock, int maxKeys) {
        this.clock = clock;
        this.startNanos = clock.getAsLong();
        this.room = new Room(maxKeys, tables.values(), this::nanos);
    }

    /** {@return a store of at most a million keys, on the JVM's monotonic clock} */
    public static MemoryStore create() {
        return create(System::nanoTime, DEFAULT_MAX_KEYS);
    }

    /**
     * A store with a bound and a clock of its own.
     *
     * @param nanoClock nanoseconds from any origin, never running back, such as {@link System#nanoTime}
     * @param maxKeys how many keys may have buckets of their own, 1 or more; a key with its bucket takes some 150 bytes
     * @return the store
     * @throws IllegalArgumentException if {@code maxKeys} is not positive
     */
    public static MemoryStore create(LongSupplier nanoClock, int maxKeys) {
        if (maxKeys < 1) {
            throw new IllegalArgumentException("Invalid maxKeys " + maxKeys + ": not positive; use 1 or more");
        }
        return new MemoryStore(nanoClock, maxKeys);
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
        Bucket bucket = table(charge.limit()).own(charge.key());
        Decision decision = bucket != null && bucket.shape.isNarrow() ? decideByWord(charge, bucket) : null;
        return decision != null ? decision : decideHeld(List.of(charge));
    }

    @Override
    public Decision decide(List<Charge> charges) {
        return charges.size() == 1 ? decide(charges.get(0)) : decideHeld(charges);
    }

    @Override
    public CompletionStage<Decision> decideAsync(List<Charge> charges) {
        return CompletableFuture.completedFuture(decide(charges));
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
        tables.values().forEach(BucketTable::sweep);
    }

    /** One smooth rate of one key: one compare-and-set. Null says that the bucket is not, or no longer, the right one. */
    private @Nullable Decision decideByWord(Charge charge, Bucket bucket) {
        TokenBucket rate = bucket.shape.rates[0];
        for (int spins = 0; ; spins++) {
            // The word before the clock: a word of later than now would show less than there ever was.
            long word = bucket.word();
            if (word == Bucket.GONE) {
                return null;
            }
            if (word == Bucket.HELD) {
                Bucket.pause(spins);
                continue;
            }
            long nanos = nanos();
            if (!bucket.shape.serves(charge.limit(), nanos)) {
                return null;
            }
            long now = bucket.shape.ticks(0, nanos);
            long level = rate.level(word, now);
            boolean admitted = rate.admits(level, charge.cost());
            if (!admitted
                    || charge.cost() == 0
                    || bucket.replace(word, rate.fullAt(level - charge.cost() * rate.unitsPerThousandth(), now))) {
                return new Decision(charge, admitted, level);
            }
        }
    }

    /** Any number of rates and keys: hold all buckets in one order, read the clock once, decide, write all, let go. */
    private Decision decideHeld(List<Charge> charges) {
        Hold[] holds = new Hold[charges.size()];
        for (int spins = 0; !holdAll(charges, holds, spins < PATIENCE); spins++) {
            Bucket.pause(spins);
        }
        sweeper.start(this);
        long nanos = nanos();
        int rates = 0;
        for (Hold hold : holds) {
            hold.look(nanos);
            rates += hold.charge.limit().buckets().size();
        }
        long[] levels = new long[2 * rates];
        boolean admitted = true;
        int at = 0;
        for (int i = 0; i < holds.length; i++) {
            Charge charge = holds[i].charge;
            boolean mayFit = charge.cost() <= charge.limit().capacity();
            for (int rate = 0; rate < charge.limit().buckets().size(); rate++, at += 2) {
                TokenBucket scale = charge.limit().buckets().get(rate);
                levels[at] = holds[i].level(rate, nanos);
                levels[at + 1] = holds[i].phase(rate, levels[at], nanos);
                for (int j = 0; j < i; j++) {
                    if (holds[j].sharesWith(holds[i])) {
                        long before = Math.min(holds[j].charge.cost(), scale.capacityThousandths());
                        levels[at] = Math.max(0, levels[at] - before * scale.unitsPerThousandth());
                    }
                }
                if (!scale.admits(levels[at], charge.cost())) {
                    admitted = false;
                    if (mayFit) {
                        holds[i].refuse(rate, nanos);
                    }
                }
            }
        }
        if (admitted) {
            take(holds, levels, nanos);
        }
        letGo(holds);
        return Decision.of(charges, admitted, levels);
    }

    private static void take(Hold[] holds, long[] levels, long nanos) {
        int at = 0;
        for (Hold hold : holds) {
            List<TokenBucket> rates = hold.charge.limit().buckets();
            for (int rate = 0; rate < rates.size(); rate++, at += 2) {
                if (hold.charge.cost() > 0) {
                    long cost = hold.charge.cost() * rates.get(rate).unitsPerThousandth();
                    hold.set(rate, levels[at] - cost, levels[at + 1], nanos);
                    hold.rewrite();
                }
            }
        }
    }

    /**
     * Finds or makes the bucket of each charge, then holds them in one order for all callers. False: start again. Where there
     * is room for fewer keys than the call has, each new bucket may drop the one before; then its keys share.
     */
    private boolean holdAll(List<Charge> charges, Hold[] holds, boolean ownBuckets) {
        for (int i = 0; i < holds.length; i++) {
            Hold hold = locate(charges.get(i), ownBuckets);
            if (hold == null) {
                return false;
            }
            holds[i] = hold;
        }
        Hold[] ordered = holds.clone();
        Arrays.sort(ordered, Hold.ORDER);
        Hold last = null;
        for (Hold hold : ordered) {
            if (!hold.take(last)) {
                letGo(holds);
                return false;
            }
            last = hold;
        }
        for (Hold hold : holds) {
            if (hold.isOutdated()) {
                letGo(holds);
                return false;
            }
        }
        return true;
    }

    private @Nullable Hold locate(Charge charge, boolean ownBuckets) {
        BucketTable table = table(charge.limit());
        Shape shape = table.shape(charge.limit());
        boolean takes = charge.cost() > 0 && charge.cost() <= charge.limit().capacity();
        Object place = takes ? table.placeFor(charge.key(), shape, ownBuckets) : table.place(charge.key());
        Bucket bucket = table.buckets().get(place);
        if (bucket != null) {
            return new Hold(charge, table, place, shape, bucket);
        }
        return takes ? null : new Hold(charge, table, place, shape, Bucket.full(shape));
    }

    private static void letGo(Hold[] holds) {
        for (Hold hold : holds) {
            hold.letGo();
        }
    }

    private BucketTable table(Limit limit) {
        BucketTable table = tables.get(limit.name());
        return table != null
                ? table
                : tables.computeIfAbsent(limit.name(), name -> new BucketTable(limit, room, this::nanos));
    }

    private long nanos() {
        return Math.max(0, clock.getAsLong() - startNanos);
    }
}
