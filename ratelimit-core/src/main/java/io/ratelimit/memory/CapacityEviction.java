package io.ratelimit.memory;

import java.util.Collections;
import java.util.Iterator;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Counts the keys of a memory store, and evicts a bucket if there is no room for another key: the fullest of the next
 * 16 buckets, if it is at least half full. A cursor moves over all buckets, so that each is sampled in turn.
 */
final class CapacityEviction {

    private static final int SAMPLE = 16;
    private static final int CHAINS_PER_REMOVAL = 64;
    private static final int FEWEST_SHARED = 2_048;
    private static final int KEYS_PER_SHARED = 4;
    private static final int FEWEST_SHARED_OF_A_LIMIT = 16;

    private final int maxKeys;
    private final BucketMap buckets;
    private final StoreClock clock;
    private final AtomicLong keys = new AtomicLong();
    private final LongAdder evictions = new LongAdder();
    private final LongAdder overflows = new LongAdder();
    private final AtomicInteger unclaimedShared;
    private final AtomicInteger nextChain = new AtomicInteger();
    private final ReentrantLock cursorLock = new ReentrantLock();
    private Iterator<Bucket> cursor = Collections.emptyIterator();

    CapacityEviction(int maxKeys, BucketMap buckets, StoreClock clock) {
        this.maxKeys = maxKeys;
        this.buckets = buckets;
        this.clock = clock;
        this.unclaimedShared = new AtomicInteger(Math.max(FEWEST_SHARED, maxKeys / KEYS_PER_SHARED));
    }

    long keys() {
        return keys.get();
    }

    long evictions() {
        return evictions.sum();
    }

    long overflows() {
        return overflows.sum();
    }

    /** Evicts a bucket if there is no room for another key, and returns whether there is room now. */
    boolean ensureRoom() {
        return keys.get() < maxKeys || evictOne();
    }

    /**
     * Counts a key whose bucket has just been added to the map, and returns true; returns false if there is no room for
     * it. The bucket is added before it is counted, so that concurrent calls of one key do not count it twice.
     */
    boolean reserve() {
        if (keys.incrementAndGet() <= maxKeys) {
            return true;
        }
        keys.decrementAndGet();
        return false;
    }

    /**
     * Claims shared buckets for a limit: the given number, or half of those that no limit has claimed yet, but at least
     * 16. So the shared buckets of all limits are a quarter as many as the keys, or 2,048, and 16 for each limit that
     * comes when these are used up.
     */
    int claimShared(int most) {
        int before = unclaimedShared.getAndUpdate(unclaimed -> unclaimed - claim(unclaimed, most));
        return claim(before, most);
    }

    private static int claim(int unclaimed, int most) {
        return Math.max(FEWEST_SHARED_OF_A_LIMIT, Math.min(most, unclaimed / 2));
    }

    /** Releases the shared buckets of a limit, because they are all full or the limit was removed. */
    void releaseShared(int claimed) {
        unclaimedShared.addAndGet(claimed);
    }

    /** Counts a charge that went to a shared bucket. */
    void countOverflow() {
        overflows.increment();
    }

    /**
     * Removes a locked bucket from the map. A thread that waits for the lock of the bucket finds that it is gone, and
     * looks up the key again. So the bucket leaves the map first; otherwise the thread would find the same bucket until
     * this one continues.
     */
    void remove(Bucket locked) {
        buckets.replace(locked, null);
        keys.decrementAndGet();
        locked.unlock(Bucket.GONE);
    }

    /**
     * Deletes the buckets of removed limits in the next 64 chains of the map, and in as many of its second map. Each
     * removal does so. Therefore the buckets of at most one removed limit for each 64 chains are left, however many
     * limits are removed between two sweeps.
     */
    void deleteSomeOfRemovedLimits() {
        buckets.forEachInChains(
                nextChain.getAndAdd(CHAINS_PER_REMOVAL), CHAINS_PER_REMOVAL, this::deleteIfLimitRemoved);
    }

    /** Deletes a bucket if its limit was removed, unless a late call has locked it. */
    void deleteIfLimitRemoved(Bucket bucket) {
        if (bucket.layout.owner.isRemoved()) {
            evict(bucket);
        }
    }

    private boolean evictOne() {
        cursorLock.lock();
        try {
            Bucket victim = null;
            double most = 0.5;
            for (int i = 0; i < SAMPLE && advance(); i++) {
                Bucket candidate = cursor.next();
                double fullness = fullness(candidate);
                if (fullness >= most) {
                    most = fullness;
                    victim = candidate;
                }
            }
            return victim != null && evict(victim);
        } finally {
            cursorLock.unlock();
        }
    }

    /** Returns how full a bucket is, from 0 to 1. The state is read without a lock only if it is a single word. */
    private double fullness(Bucket candidate) {
        long now = clock.nanos();
        long word = candidate.word();
        if (!Bucket.isFree(word)) {
            return 0;
        }
        if (candidate.layout.singleRate != null) {
            return candidate.fullness(word, now);
        }
        if (!candidate.replace(word, Bucket.LOCKED)) {
            return 0;
        }
        try {
            return candidate.fullness(word, now);
        } finally {
            candidate.unlock(word);
        }
    }

    private boolean evict(Bucket victim) {
        long now = clock.nanos();
        long word = victim.word();
        if (!Bucket.isFree(word) || !victim.replace(word, Bucket.LOCKED)) {
            return false;
        }
        double fullness = victim.fullness(word, now);
        if (fullness < 0.5) {
            victim.unlock(word);
            return false;
        }
        if (fullness < 1) {
            evictions.increment();
        }
        remove(victim);
        return true;
    }

    private boolean advance() {
        if (!cursor.hasNext()) {
            cursor = buckets.iterator();
        }
        return cursor.hasNext();
    }
}
