package io.ratelimit.memory;

import io.ratelimit.Charge;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The buckets of one call, locked in an order that all calls share, so that no two calls wait for each other.
 *
 * <p>If the call fails, {@link #close()} unlocks its buckets unchanged; otherwise later calls would wait for them
 * forever.
 */
final class LockedBuckets implements AutoCloseable {

    private static final int ATTEMPTS_WITH_OWN_BUCKETS = 100;

    /** In the order of the charges. */
    final LockedBucket[] buckets;

    private LockedBuckets(int size) {
        this.buckets = new LockedBucket[size];
    }

    /**
     * Finds the bucket of each charge and locks them all.
     *
     * <p>A bucket that is evicted after it was found and before it is locked is looked up again. If a call has more
     * keys than the store has room for, each new bucket may evict the one before; after 100 attempts its keys therefore
     * share buckets.
     */
    static LockedBuckets lock(List<Charge> charges, BucketLookup lookup) {
        LockedBuckets locked = new LockedBuckets(charges.size());
        for (int attempts = 0; !locked.tryLock(charges, lookup, attempts < ATTEMPTS_WITH_OWN_BUCKETS); attempts++) {
            Bucket.pause(attempts);
        }
        return locked;
    }

    private boolean tryLock(List<Charge> charges, BucketLookup lookup, boolean ownBuckets) {
        for (int i = 0; i < buckets.length; i++) {
            buckets[i] = lookup.find(charges.get(i), ownBuckets);
        }
        boolean locked = false;
        try {
            locked = lock(inLockOrder());
        } finally {
            if (!locked) {
                close();
            }
        }
        return locked;
    }

    /** Charges are in the order of their limits and keys, which is the lock order unless keys share buckets. */
    private LockedBucket[] inLockOrder() {
        for (int i = 1; i < buckets.length; i++) {
            if (buckets[i - 1].compareInLockOrder(buckets[i]) > 0) {
                LockedBucket[] ordered = buckets.clone();
                Arrays.sort(ordered, LockedBucket::compareInLockOrder);
                return ordered;
            }
        }
        return buckets;
    }

    private static boolean lock(LockedBucket[] ordered) {
        LockedBucket last = null;
        for (LockedBucket bucket : ordered) {
            if (!bucket.lock(last)) {
                return false;
            }
            last = bucket;
        }
        for (LockedBucket bucket : ordered) {
            if (bucket.isOutdated()) {
                return false;
            }
        }
        return true;
    }

    /** Reads the state of all buckets at the given time of the store's clock. */
    void look(long nanos) {
        for (LockedBucket bucket : buckets) {
            bucket.look(nanos);
        }
    }

    /**
     * Writes the changes, unlocks all buckets, and then reports each lease that became free for a waiting call.
     *
     * @param onLeaseReady called while no bucket is locked; null if nobody waits for leases
     */
    void unlock(@Nullable LongConsumer onLeaseReady) {
        List<long[]> ready = List.of();
        for (LockedBucket bucket : buckets) {
            long[] leases = bucket.ready();
            if (leases.length > 0) {
                ready = ready.isEmpty() ? new ArrayList<>() : ready;
                ready.add(leases);
            }
        }
        for (LockedBucket bucket : buckets) {
            bucket.unlock();
        }
        for (int i = 0; onLeaseReady != null && i < ready.size(); i++) {
            for (long lease : ready.get(i)) {
                onLeaseReady.accept(lease);
            }
        }
    }

    /** Unlocks the buckets that are still locked, and leaves them as they were. */
    @Override
    public void close() {
        for (LockedBucket bucket : buckets) {
            bucket.abandon();
        }
    }

    /** Finds the bucket of a charge, or creates one. */
    @FunctionalInterface
    interface BucketLookup {

        /**
         * Returns the bucket of a charge, not locked yet.
         *
         * @param ownBucket whether a key may get a bucket of its own, or has to share one
         */
        LockedBucket find(Charge charge, boolean ownBucket);
    }
}
