package io.ratelimit;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The buckets of one limit: one for each key, in the map of all limits, and, for keys that came when there was no room, 1,024 to
 * share.
 *
 * <p>Which one a key shares is told by a hash with a secret, so that nobody can choose whose tokens to take. A key that gets
 * its own bucket later starts it as a copy of the one it shared, and keeps it, full or not, as long as that one is not full.
 */
final class BucketTable {

    private static final int SHARED_BUCKETS = 1024;

    private final Limit limit;
    private final BucketMap own;
    private volatile @Nullable AtomicReferenceArray<@Nullable Bucket> shared;
    private final AtomicInteger sharing = new AtomicInteger();
    private final Room room;
    private final LongSupplier nanos;
    private volatile Shape shape;

    BucketTable(Limit limit, BucketMap own, Room room, LongSupplier nanos) {
        this.limit = limit;
        this.own = own;
        this.room = room;
        this.nanos = nanos;
        this.shape = new Shape(limit, nanos.getAsLong());
    }

    /** A key's own bucket, or the one that it shares, if it has any. */
    @Nullable Bucket find(String key) {
        String text = SecretHash.shortened(key);
        Bucket bucket = own.get(limit, text);
        return bucket == null ? sharedBy(text) : bucket;
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

    /** The shape in which a charge is decided now whose limit is configured as it was the last time. */
    Shape shape() {
        return shape(shape.limit);
    }

    /** The shape in which a bucket of another configuration is changed, which it keeps as long as that reaches. */
    Shape shapeOf(Bucket bucket) {
        Limit configured = bucket.shape.limit;
        long now = nanos.getAsLong();
        if (bucket.shape.reaches(now)) {
            return bucket.shape;
        }
        return shape.countsLike(configured) ? shape(configured) : new Shape(configured, now);
    }

    /** A key's bucket; a new one in the given shape if it has none, its own if that is wanted and there is room, else a shared one. */
    Bucket bucket(String key, Shape wanted, boolean ownBucket) {
        String text = SecretHash.shortened(key);
        while (true) {
            Bucket bucket = own.get(limit, text);
            if (bucket != null) {
                return bucket;
            }
            Bucket origin = sharedBy(text);
            if (ownBucket && room.isThere()) {
                if (origin == null) {
                    insertFull(text, wanted);
                } else {
                    insertBeside(origin, text, true);
                }
            } else if (origin == null) {
                share(text, wanted);
            } else {
                room.refused();
                return origin;
            }
        }
    }

    /** Makes a key's bucket full; where it shares one and there is no room for its own, the shared one. */
    void fill(String key) {
        String text = SecretHash.shortened(key);
        while (true) {
            Bucket bucket = own.get(limit, text);
            Bucket origin = sharedBy(text);
            if (bucket != null) {
                if (bucket.hold() == Bucket.GONE) {
                    continue;
                }
                if (origin == null) {
                    drop(bucket);
                } else {
                    replace(bucket, Bucket.full(text, bucket.shape));
                }
                return;
            }
            if (origin == null) {
                return;
            }
            if (room.isThere()) {
                if (insertBeside(origin, text, false)) {
                    return;
                }
            } else if (origin.hold() != Bucket.GONE) {
                drop(origin);
                return;
            }
        }
    }

    /** Takes a held bucket out; whoever found it in the table meanwhile looks again. */
    void drop(Bucket held) {
        if (held.isShared()) {
            held.release(Bucket.GONE);
            places().set(held.hash, null);
            sharing.decrementAndGet();
        } else {
            room.drop(held);
        }
    }

    /** Puts another bucket in the place of a held one; whoever found that one in the table meanwhile looks again. */
    void replace(Bucket held, Bucket next) {
        if (held.isShared()) {
            places().set(held.hash, next);
        } else {
            own.replace(held, next);
        }
        held.release(Bucket.GONE);
    }

    /** Drops every shared bucket that is full now. */
    void sweepShared() {
        for (int i = 0; i < SHARED_BUCKETS && sharing.get() > 0; i++) {
            Bucket bucket = places().get(i);
            if (bucket != null) {
                dropIfFull(bucket);
            }
        }
    }

    /** Drops a key's own bucket if it is full now, and the key would not share another. */
    void sweep(Bucket bucket) {
        if (sharedBy(bucket.key()) == null) {
            dropIfFull(bucket);
        }
    }

    private void dropIfFull(Bucket bucket) {
        long word = bucket.word();
        if (bucket.shape.narrow != null && word != Bucket.HELD && !bucket.isFull(word, nanos.getAsLong())) {
            return;
        }
        long now = nanos.getAsLong();
        word = bucket.hold();
        if (word == Bucket.GONE) {
            return;
        }
        if (bucket.isFull(word, now)) {
            drop(bucket);
        } else {
            bucket.release(word);
        }
    }

    private void insertFull(String text, Shape wanted) {
        Bucket bucket = Bucket.heldFull(text, wanted);
        if (own.putIfAbsent(bucket) != null) {
            return;
        }
        if (room.take()) {
            if (sharedBy(text) == null) {
                bucket.release(Bucket.FULL);
            } else {
                drop(bucket);
            }
        } else {
            bucket.release(Bucket.GONE);
            own.replace(bucket, null);
        }
    }

    /** Gives a key its own bucket, a copy of the one that it shares or a full one. */
    private boolean insertBeside(Bucket origin, String text, boolean copy) {
        long word = origin.hold();
        if (word == Bucket.GONE) {
            return false;
        }
        Bucket bucket = copy ? origin.heldCopy(text) : Bucket.heldFull(text, origin.shape);
        boolean inserted = own.putIfAbsent(bucket) == null;
        boolean there = inserted && room.take();
        bucket.release(there ? copy ? word : Bucket.FULL : Bucket.GONE);
        if (inserted && !there) {
            own.replace(bucket, null);
        }
        origin.release(word);
        return there;
    }

    private void share(String text, Shape wanted) {
        int number = SecretHash.number(text, SHARED_BUCKETS);
        Bucket bucket = Bucket.heldShared(number, wanted);
        AtomicReferenceArray<@Nullable Bucket> places = places();
        sharing.incrementAndGet();
        if (!places.compareAndSet(number, null, bucket)) {
            sharing.decrementAndGet();
        }
        bucket.release(Bucket.FULL);
    }

    /** The bucket that a key shares or would share, if there is one. */
    private @Nullable Bucket sharedBy(String text) {
        return sharing.get() == 0 ? null : places().get(SecretHash.number(text, SHARED_BUCKETS));
    }

    /** Most limits never need them. */
    private AtomicReferenceArray<@Nullable Bucket> places() {
        AtomicReferenceArray<@Nullable Bucket> places = shared;
        return places != null ? places : newPlaces();
    }

    private synchronized AtomicReferenceArray<@Nullable Bucket> newPlaces() {
        AtomicReferenceArray<@Nullable Bucket> places = shared;
        if (places == null) {
            places = new AtomicReferenceArray<>(SHARED_BUCKETS);
            shared = places;
        }
        return places;
    }
}
