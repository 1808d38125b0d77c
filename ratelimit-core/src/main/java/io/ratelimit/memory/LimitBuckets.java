package io.ratelimit.memory;

import io.ratelimit.Limit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * The buckets of one limit: a bucket for each key in the map of all limits, and up to 1,024 shared buckets for keys
 * that were first used while there was no room for another one. If many limits need shared buckets, each has fewer,
 * but at least 16.
 *
 * <p>The shared bucket of a key is selected by a keyed hash, so that nobody can choose a key to drain the bucket of
 * another. If such a key gets a bucket of its own later, that bucket starts as a copy of the shared one. It is kept,
 * even if it is full, until the shared one is full too; otherwise the key would use the shared bucket again.
 */
final class LimitBuckets {

    private static final int SHARED_BUCKETS = 1024;

    private final Limit limit;
    private final BucketOwner owner = new BucketOwner();
    private final BucketMap own;
    private volatile @Nullable AtomicReferenceArray<@Nullable Bucket> shared;
    private final AtomicInteger sharedCount = new AtomicInteger();
    private final CapacityEviction eviction;
    private final RateConfiguration.Pool configurations;
    private final StoreClock clock;
    private volatile BucketLayout layout;
    /** True if the limit was removed before, so that these buckets are those of one late call. */
    private boolean forLateCall;

    LimitBuckets(
            Limit limit,
            BucketMap own,
            CapacityEviction eviction,
            RateConfiguration.Pool configurations,
            StoreClock clock) {
        this.limit = limit;
        this.own = own;
        this.eviction = eviction;
        this.configurations = configurations;
        this.clock = clock;
        this.layout = new BucketLayout(limit, owner, configurations.of(limit), clock.nanos());
    }

    /** Marks these buckets as those of a late call, whose limit was removed before. */
    LimitBuckets forLateCall() {
        owner.remove();
        forLateCall = true;
        return this;
    }

    /**
     * Ends the use of these buckets, because the limit was removed. No later call finds them, and those in the map are
     * deleted like full ones.
     */
    synchronized void remove() {
        owner.remove();
        releaseShared();
    }

    /** Returns whether the limit was removed after a call looked up its buckets. */
    boolean isOutdated() {
        return owner.isRemoved() && !forLateCall;
    }

    /** Returns the bucket of a key, its own or a shared one; null if it has none. */
    @Nullable Bucket find(String key) {
        String text = KeyedHash.shortened(key);
        Bucket bucket = own.get(owner, limit, text);
        return bucket == null ? sharedBy(text) : bucket;
    }

    /** Returns whether a bucket belongs to this limit, and not to an earlier or later one of its name. */
    boolean owns(Bucket bucket) {
        return bucket.layout.owner == owner;
    }

    /** Returns the layout in which a charge of the given configuration is decided now. */
    BucketLayout layout(Limit limit) {
        BucketLayout current = layout;
        long now = clock.nanos();
        if (!current.serves(limit, now)) {
            current = new BucketLayout(limit, owner, configurations.of(limit), now);
            layout = current;
        }
        return current;
    }

    /** Returns the layout of the configuration that was used last. */
    BucketLayout layout() {
        return layout(layout.limit);
    }

    /**
     * Returns the layout in which a change is written to a bucket: the layout of the bucket, or a later one of the same
     * configuration.
     */
    BucketLayout layoutOf(Bucket bucket) {
        long now = clock.nanos();
        if (bucket.layout.reaches(now)) {
            return bucket.layout;
        }
        return layout.countsLike(bucket.layout) ? layout(bucket.layout.limit) : bucket.layout.rebased(now);
    }

    /**
     * Returns the bucket of a key, and creates it if there is none. Returns null after the limit was removed:
     * a late call gets no bucket.
     *
     * @param wanted the layout of a new bucket
     * @param ownBucket whether the key may get a bucket of its own; if not, or if there is no room, it gets a shared
     *     one
     */
    @Nullable Bucket bucket(String key, BucketLayout wanted, boolean ownBucket) {
        String text = KeyedHash.shortened(key);
        while (!owner.isRemoved()) {
            Bucket bucket = own.get(owner, limit, text);
            if (bucket != null) {
                return bucket;
            }
            Bucket common = sharedBy(text);
            if (ownBucket && eviction.ensureRoom()) {
                if (common == null) {
                    addFull(text, wanted);
                } else {
                    addOwn(common, text, true);
                }
            } else if (common == null) {
                share(text, wanted);
            } else {
                eviction.countOverflow();
                return common;
            }
        }
        return null;
    }

    /**
     * Resets the bucket of a key, which is full afterwards. A key that shares a bucket gets a full one of its own; if
     * there is no room for it, the shared bucket is filled for all of its keys.
     */
    void fill(String key) {
        String text = KeyedHash.shortened(key);
        while (!owner.isRemoved()) {
            Bucket bucket = own.get(owner, limit, text);
            Bucket common = sharedBy(text);
            if (bucket != null) {
                if (bucket.lock() == Bucket.GONE) {
                    continue;
                }
                if (common == null) {
                    remove(bucket);
                } else {
                    replace(bucket, Bucket.full(text, bucket.layout));
                }
                return;
            }
            if (common == null) {
                return;
            }
            if (eviction.ensureRoom()) {
                if (addOwn(common, text, false)) {
                    return;
                }
            } else if (common.lock() != Bucket.GONE) {
                remove(common);
                return;
            }
        }
    }

    /**
     * Removes a locked bucket. A thread that waits for the lock of the bucket finds that it was removed, and looks up
     * the key again.
     */
    void remove(Bucket locked) {
        if (locked.isShared()) {
            setShared(locked.hash, null);
            sharedCount.decrementAndGet();
            locked.unlock(Bucket.GONE);
        } else {
            eviction.remove(locked);
        }
    }

    /**
     * Replaces a locked bucket. A thread that waits for the lock of the bucket finds that it was removed, and looks up
     * the key again.
     */
    void replace(Bucket locked, Bucket next) {
        if (locked.isShared()) {
            setShared(locked.hash, next);
        } else {
            own.replace(locked, next);
        }
        locked.unlock(Bucket.GONE);
    }

    /** Removes the shared buckets that are full. When none is left, other limits may claim their number. */
    void sweepShared() {
        AtomicReferenceArray<@Nullable Bucket> table = shared;
        for (int i = 0; table != null && i < table.length() && sharedCount.get() > 0; i++) {
            Bucket bucket = table.get(i);
            if (bucket != null) {
                removeIfFull(bucket);
            }
        }
        if (table != null && sharedCount.get() == 0) {
            releaseUnusedShared();
        }
    }

    private synchronized void releaseUnusedShared() {
        if (sharedCount.get() == 0) {
            releaseShared();
        }
    }

    private void releaseShared() {
        AtomicReferenceArray<@Nullable Bucket> table = shared;
        if (table != null) {
            eviction.releaseShared(table.length());
            shared = null;
        }
    }

    /** Removes the bucket of a key if it is full, unless the key would then share one. */
    void sweep(Bucket bucket) {
        if (sharedBy(bucket.key()) == null) {
            removeIfFull(bucket);
        }
    }

    private void removeIfFull(Bucket bucket) {
        long word = bucket.word();
        if (bucket.layout.singleRate != null && word != Bucket.LOCKED && !bucket.isFull(word, clock.nanos())) {
            return;
        }
        long now = clock.nanos();
        word = bucket.lock();
        if (word == Bucket.GONE) {
            return;
        }
        if (bucket.isFull(word, now)) {
            remove(bucket);
        } else {
            bucket.unlock(word);
        }
    }

    private void addFull(String text, BucketLayout wanted) {
        Bucket bucket = Bucket.lockedFull(text, wanted);
        if (own.putIfAbsent(bucket) != null) {
            return;
        }
        if (eviction.reserve()) {
            if (sharedBy(text) == null) {
                bucket.unlock(Bucket.FULL);
            } else {
                remove(bucket);
            }
        } else {
            own.replace(bucket, null);
            bucket.unlock(Bucket.GONE);
        }
    }

    /**
     * Adds a bucket of its own for a key that shares one, and returns whether there was room for it.
     *
     * @param copy whether it starts as a copy of the shared bucket; otherwise it starts full
     */
    private boolean addOwn(Bucket common, String text, boolean copy) {
        long word = common.lock();
        if (word == Bucket.GONE) {
            return false;
        }
        Bucket bucket = copy ? common.lockedCopy(text) : Bucket.lockedFull(text, common.layout);
        boolean inserted = own.putIfAbsent(bucket) == null;
        boolean there = inserted && eviction.reserve();
        if (inserted && !there) {
            own.replace(bucket, null);
        }
        bucket.unlock(there ? copy ? word : Bucket.FULL : Bucket.GONE);
        common.unlock(word);
        return there;
    }

    /** Adds the shared bucket of a key. The lock keeps the table from being released meanwhile. */
    private synchronized void share(String text, BucketLayout wanted) {
        if (owner.isRemoved()) {
            return;
        }
        AtomicReferenceArray<@Nullable Bucket> table = shared;
        if (table == null) {
            table = new AtomicReferenceArray<>(eviction.claimShared(SHARED_BUCKETS));
            shared = table;
        }
        int number = KeyedHash.number(text, table.length());
        Bucket bucket = Bucket.lockedShared(number, wanted);
        sharedCount.incrementAndGet();
        if (!table.compareAndSet(number, null, bucket)) {
            sharedCount.decrementAndGet();
        }
        bucket.unlock(Bucket.FULL);
    }

    /** Returns the shared bucket that is selected for a key, or null if there is none. */
    private @Nullable Bucket sharedBy(String text) {
        AtomicReferenceArray<@Nullable Bucket> table = sharedCount.get() == 0 ? null : shared;
        return table == null ? null : table.get(KeyedHash.number(text, table.length()));
    }

    private void setShared(int number, @Nullable Bucket bucket) {
        AtomicReferenceArray<@Nullable Bucket> table = shared;
        if (table != null) {
            table.set(number, bucket);
        }
    }
}
