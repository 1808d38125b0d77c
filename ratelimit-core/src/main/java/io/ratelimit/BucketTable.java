package io.ratelimit;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The buckets of one limit: one for each key and, for keys that came when there was no room, 1,024 to share.
 *
 * <p>A key's own bucket stands under the key's {@link Place}; a shared one under its number, so that no key can name it.
 * Which one a key shares is told by a hash with a secret, so that nobody can choose whose tokens to take. A key that gets its
 * own bucket later starts it as a copy of the one it shared, and keeps it, full or not, as long as that one is not full.
 */
final class BucketTable {

    private static final int SHARED_BUCKETS = 1024;
    private static final int RECENT = 64;

    private final ConcurrentMap<Object, Bucket> buckets = new ConcurrentHashMap<>();
    /** Places of keys that are the same object as before, such as constants; threads may overwrite each other's. */
    private final @Nullable Place[] recent = new @Nullable Place[RECENT];

    private final AtomicInteger shared = new AtomicInteger();
    private final Room room;
    private final LongSupplier nanos;
    private volatile Shape shape;

    BucketTable(Limit limit, Room room, LongSupplier nanos) {
        this.room = room;
        this.nanos = nanos;
        this.shape = new Shape(limit, nanos.getAsLong());
    }

    ConcurrentMap<Object, Bucket> buckets() {
        return buckets;
    }

    /** A key's own bucket, if it has one. */
    @Nullable Bucket own(String key) {
        return buckets.get(ownPlace(key));
    }

    /** The shape in which a charge of this limit is decided now. */
    Shape shape(Limit limit) {
        Shape current = shape;
        long now = nanos.getAsLong();
        if (!current.serves(limit, now)) {
            current = new Shape(limit, now);
            shape = current;
        }
        return current;
    }

    /** Where the bucket of a key stands: in its own place, or under the number of the bucket that it shares. */
    Object place(String key) {
        Place own = ownPlace(key);
        Integer number = buckets.containsKey(own) ? null : sharedPlace(own);
        return number == null ? own : number;
    }

    /**
     * Gives a key a bucket, in the given shape if it is new, its own if that is wanted and there is room, else one to share;
     * says where it stands.
     */
    Object placeFor(String key, Shape wanted, boolean ownBucket) {
        Place own = ownPlace(key);
        while (true) {
            if (buckets.containsKey(own)) {
                return own;
            }
            Integer number = sharedPlace(own);
            Bucket origin = number == null ? null : buckets.get(number);
            if (ownBucket && room.take()) {
                if (origin == null ? insertFull(own, wanted) : insertBeside(origin, own, true)) {
                    continue;
                }
                room.giveBack();
            } else if (number == null || origin == null) {
                share(own.number(SHARED_BUCKETS), wanted);
            } else {
                room.refused();
                return number;
            }
        }
    }

    /** Makes a key's bucket full; where it shares one and there is no room for its own, the shared one. */
    void fill(String key) {
        Place own = ownPlace(key);
        while (true) {
            Bucket bucket = buckets.get(own);
            Integer number = sharedPlace(own);
            Bucket origin = number == null ? null : buckets.get(number);
            if (bucket != null) {
                if (bucket.hold() == Bucket.GONE) {
                    continue;
                }
                if (origin == null) {
                    drop(own, bucket);
                } else {
                    buckets.replace(own, bucket, Bucket.full(bucket.shape));
                    bucket.release(Bucket.GONE);
                }
                return;
            }
            if (number == null || origin == null) {
                return;
            }
            if (room.take()) {
                if (insertBeside(origin, own, false)) {
                    return;
                }
                room.giveBack();
            } else if (origin.hold() != Bucket.GONE) {
                drop(number, origin);
                return;
            }
        }
    }

    /** Takes a held bucket out; whoever found it in the table meanwhile looks again. */
    void drop(Object place, Bucket held) {
        held.release(Bucket.GONE);
        if (buckets.remove(place, held)) {
            if (place instanceof Integer) {
                shared.decrementAndGet();
            } else {
                room.giveBack();
            }
        }
    }

    /** Drops every bucket that is full now; the shared ones first, because a key's own stays while it would share another. */
    void sweep() {
        if (shared.get() > 0) {
            buckets.forEach((place, bucket) -> {
                if (place instanceof Integer) {
                    dropIfFull(place, bucket);
                }
            });
        }
        buckets.forEach((place, bucket) -> {
            if (place instanceof Place own && sharedPlace(own) == null) {
                dropIfFull(place, bucket);
            }
        });
    }

    private void dropIfFull(Object place, Bucket bucket) {
        long word = bucket.word();
        if (bucket.shape.narrow != null && word != Bucket.HELD && !bucket.isFull(word, nanos.getAsLong())) {
            return;
        }
        word = bucket.hold();
        if (word == Bucket.GONE) {
            return;
        }
        if (bucket.isFull(word, nanos.getAsLong())) {
            drop(place, bucket);
        } else {
            bucket.release(word);
        }
    }

    private boolean insertFull(Place own, Shape wanted) {
        Bucket bucket = Bucket.heldFull(wanted);
        if (buckets.putIfAbsent(own, bucket) != null) {
            return false;
        }
        boolean alone = sharedPlace(own) == null;
        if (alone) {
            bucket.release(Bucket.FULL);
        } else {
            bucket.release(Bucket.GONE);
            buckets.remove(own, bucket);
        }
        return alone;
    }

    /** Gives a key its own bucket, a copy of the one that it shares or a full one. */
    private boolean insertBeside(Bucket origin, Place own, boolean copy) {
        long word = origin.hold();
        if (word == Bucket.GONE) {
            return false;
        }
        Bucket bucket = copy ? origin.heldCopy() : Bucket.heldFull(origin.shape);
        boolean inserted = buckets.putIfAbsent(own, bucket) == null;
        bucket.release(copy ? word : Bucket.FULL);
        origin.release(word);
        return inserted;
    }

    private void share(Integer number, Shape wanted) {
        Bucket bucket = Bucket.heldFull(wanted);
        shared.incrementAndGet();
        if (buckets.putIfAbsent(number, bucket) != null) {
            shared.decrementAndGet();
        }
        bucket.release(Bucket.FULL);
    }

    /** The number of the bucket that a key shares or would share, if there is one under it. */
    private @Nullable Integer sharedPlace(Place own) {
        if (shared.get() == 0) {
            return null;
        }
        Integer number = own.number(SHARED_BUCKETS);
        return buckets.containsKey(number) ? number : null;
    }

    private Place ownPlace(String key) {
        int index = key.isEmpty() ? 0 : key.charAt(key.length() - 1) & RECENT - 1;
        Place place = recent[index];
        if (place == null || !place.isOf(key)) {
            place = Place.of(key);
            recent[index] = place;
        }
        return place;
    }
}
