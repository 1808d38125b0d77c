package io.ratelimit.remote;

import io.ratelimit.Charge;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * The latest denials of a remote store, in a table of fixed size: 2,048 rows by the hash of limit and key, of four
 * entries each, of which the oldest is replaced. However many keys are denied, memory and time per call stay the same;
 * at worst the remote store is called again.
 *
 * <p>Each row counts the changes of its keys. A denial is not cached if its row changed while the call was on its way.
 */
final class DenialCache {

    /** The length of the longest key that is cached, in characters. */
    static final int LONGEST_KEY = 200;

    private static final int ROWS = 2_048;
    private static final int WAYS = 4;

    private final AtomicReferenceArray<@Nullable CachedDenial> entries = new AtomicReferenceArray<>(ROWS * WAYS);
    private final AtomicLongArray changes = new AtomicLongArray(ROWS);

    /** Returns the cached denial of the key of a charge, or null. */
    @Nullable CachedDenial find(Charge charge) {
        int first = row(charge) * WAYS;
        for (int i = first; i < first + WAYS; i++) {
            CachedDenial denial = entries.get(i);
            if (denial != null && denial.isOf(charge)) {
                return denial;
            }
        }
        return null;
    }

    /** Returns the number of changes so far in the row of a charge. */
    long changes(Charge charge) {
        return changes.get(row(charge));
    }

    /**
     * Caches the denial of a charge.
     *
     * @param changesBefore the {@link #changes} before the call was sent; if there were more since, nothing is cached
     */
    synchronized void put(Charge charge, CachedDenial denial, long changesBefore) {
        int row = row(charge);
        int at = entry(row * WAYS, charge, denial);
        if (at < 0) {
            return;
        }
        entries.set(at, denial);
        if (changes.get(row) != changesBefore) {
            entries.compareAndSet(at, denial, null);
        }
    }

    /**
     * Drops the denial of the key of a charge. Calls that were sent before are then not cached when they are denied.
     */
    void drop(Charge charge) {
        int row = row(charge);
        changes.incrementAndGet(row);
        for (int i = row * WAYS; i < row * WAYS + WAYS; i++) {
            CachedDenial denial = entries.get(i);
            if (denial != null && denial.isOf(charge)) {
                entries.compareAndSet(i, denial, null);
            }
        }
    }

    /**
     * Returns the entry for a denial: that of its key, else a free one, else the oldest; -1 if its key has a later
     * denial.
     */
    private int entry(int first, Charge charge, CachedDenial denial) {
        int best = first;
        CachedDenial oldest = null;
        for (int i = first; i < first + WAYS; i++) {
            CachedDenial other = entries.get(i);
            if (other != null && other.isOf(charge)) {
                return denial.isLaterThan(other) ? i : -1;
            }
            if (i == first || oldest != null && (other == null || oldest.isLaterThan(other))) {
                best = i;
                oldest = other;
            }
        }
        return best;
    }

    private static int row(Charge charge) {
        int hash = 31 * charge.limit().name().hashCode() + charge.key().hashCode();
        return (hash ^ hash >>> 16 ^ hash >>> 11) & ROWS - 1;
    }
}
