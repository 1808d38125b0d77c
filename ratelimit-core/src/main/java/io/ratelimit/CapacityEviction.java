package io.ratelimit;

import java.util.Collections;
import java.util.Iterator;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/**
 * Room for so many keys in a memory store. Where there is none left, the fullest of the next few buckets makes way, if it
 * is at least half full; a rolling cursor picks them, so that each bucket is looked at in its turn.
 */
final class CapacityEviction {

    private static final int SAMPLE = 16;

    private final int maxKeys;
    private final BucketMap buckets;
    private final LongSupplier nanos;
    private final AtomicLong keys = new AtomicLong();
    private final LongAdder evictions = new LongAdder();
    private final LongAdder overflows = new LongAdder();
    private final ReentrantLock cursorLock = new ReentrantLock();
    private Iterator<Bucket> cursor = Collections.emptyIterator();

    CapacityEviction(int maxKeys, BucketMap buckets, LongSupplier nanos) {
        this.maxKeys = maxKeys;
        this.buckets = buckets;
        this.nanos = nanos;
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

    /** Whether there is room for one more key, if need be by dropping another. */
    boolean ensureRoom() {
        return keys.get() < maxKeys || evictOne();
    }

    /** Takes room for a key whose bucket is in its table already, so that one key never takes it twice; false if none is left. */
    boolean reserve() {
        if (keys.incrementAndGet() <= maxKeys) {
            return true;
        }
        keys.decrementAndGet();
        return false;
    }

    /** Counts a charge that went to a shared bucket. */
    void countOverflow() {
        overflows.increment();
    }

    /** Takes a held bucket out of its table; whoever found it there meanwhile looks again. */
    void drop(Bucket locked) {
        locked.unlock(Bucket.GONE);
        keys.decrementAndGet();
        buckets.replace(locked, null);
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

    /** Only what is one word may be read while another thread writes it. */
    private double fullness(Bucket candidate) {
        long now = nanos.getAsLong();
        long word = candidate.word();
        if (!Bucket.isFree(word)) {
            return 0;
        }
        if (candidate.layout.singleBucket != null) {
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
        long now = nanos.getAsLong();
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
        drop(victim);
        return true;
    }

    private boolean advance() {
        if (!cursor.hasNext()) {
            cursor = buckets.iterator();
        }
        return cursor.hasNext();
    }
}
