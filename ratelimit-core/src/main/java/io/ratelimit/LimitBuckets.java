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
final class LimitBuckets {

    private static final int SHARED_BUCKETS = 1024;

    private final Limit limit;
    private final BucketMap own;
    private volatile @Nullable AtomicReferenceArray<@Nullable Bucket> shared;
    private final AtomicInteger sharing = new AtomicInteger();
    private final CapacityEviction eviction;
    private final LongSupplier nanos;
    private volatile BucketLayout layout;

    LimitBuckets(Limit limit, BucketMap own, CapacityEviction eviction, LongSupplier nanos) {
        this.limit = limit;
        this.own = own;
        this.eviction = eviction;
        this.nanos = nanos;
        this.layout = new BucketLayout(limit, nanos.getAsLong());
    }

    /** A key's own bucket, or the one that it shares, if it has any. */
    @Nullable Bucket find(String key) {
        String text = KeyedHash.shortened(key);
        Bucket bucket = own.get(limit, text);
        return bucket == null ? sharedBy(text) : bucket;
    }

    /** The shape in which a charge of this limit is decided now. */
    BucketLayout layout(Limit limit) {
        BucketLayout current = layout;
        long now = nanos.getAsLong();
        if (!current.serves(limit, now)) {
            current = new BucketLayout(limit, now);
            layout = current;
        }
        return current;
    }

    /** The shape in which a charge is decided now whose limit is configured as it was the last time. */
    BucketLayout layout() {
        return layout(layout.limit);
    }

    /** The shape in which a bucket of another configuration is changed, which it keeps as long as that reaches. */
    BucketLayout layoutOf(Bucket bucket) {
        Limit configured = bucket.layout.limit;
        long now = nanos.getAsLong();
        if (bucket.layout.reaches(now)) {
            return bucket.layout;
        }
        return layout.countsLike(configured) ? layout(configured) : new BucketLayout(configured, now);
    }

    /** A key's bucket; a new one in the given shape if it has none, its own if that is wanted and there is room, else a shared one. */
    Bucket bucket(String key, BucketLayout wanted, boolean ownBucket) {
        String text = KeyedHash.shortened(key);
        while (true) {
            Bucket bucket = own.get(limit, text);
            if (bucket != null) {
                return bucket;
            }
            Bucket origin = sharedBy(text);
            if (ownBucket && eviction.ensureRoom()) {
                if (origin == null) {
                    insertFull(text, wanted);
                } else {
                    insertBeside(origin, text, true);
                }
            } else if (origin == null) {
                share(text, wanted);
            } else {
                eviction.countOverflow();
                return origin;
            }
        }
    }

    /** Makes a key's bucket full; where it shares one and there is no room for its own, the shared one. */
    void fill(String key) {
        String text = KeyedHash.shortened(key);
        while (true) {
            Bucket bucket = own.get(limit, text);
            Bucket origin = sharedBy(text);
            if (bucket != null) {
                if (bucket.lock() == Bucket.GONE) {
                    continue;
                }
                if (origin == null) {
                    drop(bucket);
                } else {
                    replace(bucket, Bucket.full(text, bucket.layout));
                }
                return;
            }
            if (origin == null) {
                return;
            }
            if (eviction.ensureRoom()) {
                if (insertBeside(origin, text, false)) {
                    return;
                }
            } else if (origin.lock() != Bucket.GONE) {
                drop(origin);
                return;
            }
        }
    }

    /** Takes a held bucket out; whoever found it in the table meanwhile looks again. */
    void drop(Bucket locked) {
        if (locked.isShared()) {
            locked.unlock(Bucket.GONE);
            places().set(locked.hash, null);
            sharing.decrementAndGet();
        } else {
            eviction.drop(locked);
        }
    }

    /** Puts another bucket in the place of a held one; whoever found that one in the table meanwhile looks again. */
    void replace(Bucket locked, Bucket next) {
        if (locked.isShared()) {
            places().set(locked.hash, next);
        } else {
            own.replace(locked, next);
        }
        locked.unlock(Bucket.GONE);
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
        if (bucket.layout.singleBucket != null && word != Bucket.LOCKED && !bucket.isFull(word, nanos.getAsLong())) {
            return;
        }
        long now = nanos.getAsLong();
        word = bucket.lock();
        if (word == Bucket.GONE) {
            return;
        }
        if (bucket.isFull(word, now)) {
            drop(bucket);
        } else {
            bucket.unlock(word);
        }
    }

    private void insertFull(String text, BucketLayout wanted) {
        Bucket bucket = Bucket.lockedFull(text, wanted);
        if (own.putIfAbsent(bucket) != null) {
            return;
        }
        if (eviction.reserve()) {
            if (sharedBy(text) == null) {
                bucket.unlock(Bucket.FULL);
            } else {
                drop(bucket);
            }
        } else {
            bucket.unlock(Bucket.GONE);
            own.replace(bucket, null);
        }
    }

    /** Gives a key its own bucket, a copy of the one that it shares or a full one. */
    private boolean insertBeside(Bucket origin, String text, boolean copy) {
        long word = origin.lock();
        if (word == Bucket.GONE) {
            return false;
        }
        Bucket bucket = copy ? origin.lockedCopy(text) : Bucket.lockedFull(text, origin.layout);
        boolean inserted = own.putIfAbsent(bucket) == null;
        boolean there = inserted && eviction.reserve();
        bucket.unlock(there ? copy ? word : Bucket.FULL : Bucket.GONE);
        if (inserted && !there) {
            own.replace(bucket, null);
        }
        origin.unlock(word);
        return there;
    }

    private void share(String text, BucketLayout wanted) {
        int number = KeyedHash.number(text, SHARED_BUCKETS);
        Bucket bucket = Bucket.lockedShared(number, wanted);
        AtomicReferenceArray<@Nullable Bucket> places = places();
        sharing.incrementAndGet();
        if (!places.compareAndSet(number, null, bucket)) {
            sharing.decrementAndGet();
        }
        bucket.unlock(Bucket.FULL);
    }

    /** The bucket that a key shares or would share, if there is one. */
    private @Nullable Bucket sharedBy(String text) {
        return sharing.get() == 0 ? null : places().get(KeyedHash.number(text, SHARED_BUCKETS));
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
