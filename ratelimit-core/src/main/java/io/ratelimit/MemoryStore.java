package io.ratelimit;

import java.util.Arrays;
import java.util.Comparator;
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
 * a few buckets sampled in turn makes way if it is at least half full, which can give its key at most half a capacity
 * beyond its rate. If none is, the new key shares one of 1,024 buckets of its limit until there is room. So keys that
 * rotate by the million neither exhaust the heap, nor refill an exhausted bucket, nor lock everyone out.
 */
public final class MemoryStore implements RateLimitStore {

    /** How many keys may have buckets of their own unless said otherwise. */
    public static final int DEFAULT_MAX_KEYS = 1_000_000;

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
        return decide(List.of(charge));
    }

    @Override
    public Decision decide(List<Charge> charges) {
        if (charges.size() == 1) {
            Charge charge = charges.get(0);
            Bucket bucket = table(charge.limit()).own(charge.key());
            if (bucket != null && bucket.shape.isNarrow()) {
                Decision decision = decideByWord(charges, charge, bucket);
                if (decision != null) {
                    return decision;
                }
            }
        }
        return decideHeld(charges);
    }

    @Override
    public CompletionStage<Decision> decideAsync(List<Charge> charges) {
        return CompletableFuture.completedFuture(decide(charges));
    }

    @Override
    public void forget(Limit limit, String key) {
        BucketTable table = table(limit);
        while (true) {
            Object place = table.place(key);
            Bucket bucket = table.buckets().get(place);
            if (bucket == null) {
                return;
            }
            if (bucket.hold() != Bucket.GONE) {
                table.drop(place, bucket);
                return;
            }
        }
    }

    @Override
    public void close() {
        sweeper.close();
    }

    /** Drops every bucket that is full. */
    void sweep() {
        for (BucketTable table : tables.values()) {
            table.buckets().forEach((place, bucket) -> {
                long word = bucket.word();
                if (!bucket.shape.isNarrow() || word == Bucket.HELD || bucket.isFull(word, nanos())) {
                    table.dropIfFull(place, bucket);
                }
            });
        }
    }

    /** One smooth rate of one key: one compare-and-set. Null says that the bucket is not, or no longer, the right one. */
    private @Nullable Decision decideByWord(List<Charge> charges, Charge charge, Bucket bucket) {
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
                return Decision.of(charges, admitted, new long[] {level, 0});
            }
        }
    }

    /** Any number of rates and keys: hold all buckets in one order, read the clock once, decide, write all, let go. */
    private Decision decideHeld(List<Charge> charges) {
        Hold[] holds = new Hold[charges.size()];
        for (int spins = 0; !holdAll(charges, holds); spins++) {
            Bucket.pause(spins);
        }
        sweeper.start(this);
        long nanos = nanos();
        int rates = 0;
        for (Charge charge : charges) {
            rates += charge.limit().buckets().size();
        }
        long[] levels = new long[2 * rates];
        boolean admitted = true;
        int at = 0;
        for (int i = 0; i < holds.length; i++) {
            Hold hold = holds[i];
            TokenBucket[] scales = hold.bucket.shape.rates;
            for (int rate = 0; rate < scales.length; rate++, at += 2) {
                levels[at] = hold.bucket.level(rate, hold.word, nanos);
                levels[at + 1] = hold.bucket.phase(rate, levels[at], nanos);
                for (int j = 0; j < i; j++) {
                    if (holds[j].bucket == hold.bucket) {
                        levels[at] -= holds[j].charge.cost() * scales[rate].unitsPerThousandth();
                    }
                }
                admitted &= scales[rate].admits(levels[at], hold.charge.cost());
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
            TokenBucket[] scales = hold.bucket.shape.rates;
            for (int rate = 0; rate < scales.length; rate++, at += 2) {
                long left = levels[at] - hold.charge.cost() * scales[rate].unitsPerThousandth();
                long word = hold.bucket.set(rate, left, levels[at + 1], nanos);
                for (Hold other : holds) {
                    other.word = other.bucket == hold.bucket ? word : other.word;
                }
            }
        }
    }

    /** A charge with the bucket that is held for it, and the word that the bucket is to be released with. */
    private static final class Hold {

        static final Comparator<Hold> ORDER = Comparator.comparing(
                        (Hold hold) -> hold.charge.limit().name())
                .thenComparing(hold -> hold.place instanceof Integer ? "" : hold.charge.key())
                .thenComparing(hold -> hold.place instanceof Integer number ? number : -1);

        final Charge charge;
        final BucketTable table;
        final Object place;
        final Bucket bucket;
        long word;
        boolean owner;

        Hold(Charge charge, BucketTable table, Object place, Bucket bucket) {
            this.charge = charge;
            this.table = table;
            this.place = place;
            this.bucket = bucket;
        }
    }

    /** Finds or makes the bucket of each charge, then holds them in one order for all callers. False: start again. */
    private boolean holdAll(List<Charge> charges, Hold[] holds) {
        for (int i = 0; i < holds.length; i++) {
            Hold hold = locate(charges.get(i));
            if (hold == null) {
                return false;
            }
            holds[i] = hold;
        }
        Hold[] ordered = holds.clone();
        Arrays.sort(ordered, Hold.ORDER);
        Hold last = null;
        for (Hold hold : ordered) {
            if (last != null && hold.bucket == last.bucket) {
                hold.word = last.word;
            } else if (!hold(hold)) {
                letGo(holds);
                return false;
            }
            last = hold;
        }
        for (Hold hold : holds) {
            if (hold.place instanceof Integer && hold.table.own(hold.charge.key()) != null) {
                letGo(holds);
                return false;
            }
        }
        return true;
    }

    private @Nullable Hold locate(Charge charge) {
        BucketTable table = table(charge.limit());
        Shape shape = table.shape(charge.limit());
        boolean takes = charge.cost() > 0 && charge.cost() <= charge.limit().capacity();
        Object place = takes ? table.placeFor(charge.key(), shape) : table.place(charge.key());
        Bucket bucket = table.buckets().get(place);
        if (bucket == null) {
            return takes
                    ? null
                    : new Hold(charge, table, place, Bucket.heldFull(shape).released());
        }
        if (bucket.shape != shape) {
            if (takes) {
                return null;
            }
            table.placeFor(charge.key(), shape);
            return locate(charge);
        }
        return new Hold(charge, table, place, bucket);
    }

    private static boolean hold(Hold hold) {
        hold.word = hold.bucket.hold();
        hold.owner = hold.word != Bucket.GONE;
        return hold.owner;
    }

    private static void letGo(Hold[] holds) {
        for (Hold hold : holds) {
            if (hold != null && hold.owner) {
                hold.owner = false;
                hold.bucket.release(hold.word);
            }
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
