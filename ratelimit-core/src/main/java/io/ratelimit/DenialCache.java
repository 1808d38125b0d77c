package io.ratelimit;

import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * The last refusals of a remote store: a table of fixed size, four places for each hash, of which the oldest makes room. So
 * however many keys are refused, they take no more memory and no more time; at worst the store is asked again.
 *
 * <p>Each row counts the changes of its keys. What was asked before a change is not kept after it.
 */
final class DenialCache {

    /** Keys beyond so many characters are not kept. */
    static final int LONGEST_KEY = 200;

    private static final int ROWS = 2_048;
    private static final int WAYS = 4;

    private final AtomicReferenceArray<@Nullable CachedDenial> places = new AtomicReferenceArray<>(ROWS * WAYS);
    private final AtomicLongArray changes = new AtomicLongArray(ROWS);

    /** What is known of the key of a charge. */
    @Nullable CachedDenial find(Charge charge) {
        int first = row(charge) * WAYS;
        for (int i = first; i < first + WAYS; i++) {
            CachedDenial denial = places.get(i);
            if (denial != null && denial.isOf(charge)) {
                return denial;
            }
        }
        return null;
    }

    /** How often keys like that of a charge changed. */
    long changes(Charge charge) {
        return changes.get(row(charge));
    }

    /** Keeps a refusal of a charge, unless its key changed since it was asked for. */
    synchronized void put(Charge charge, CachedDenial denial, long changesBefore) {
        int row = row(charge);
        int at = place(row * WAYS, charge, denial);
        if (at < 0) {
            return;
        }
        places.set(at, denial);
        if (changes.get(row) != changesBefore) {
            places.compareAndSet(at, denial, null);
        }
    }

    /** Drops what is known of the key of a charge, and what is being asked. */
    void drop(Charge charge) {
        int row = row(charge);
        changes.incrementAndGet(row);
        for (int i = row * WAYS; i < row * WAYS + WAYS; i++) {
            CachedDenial denial = places.get(i);
            if (denial != null && denial.isOf(charge)) {
                places.compareAndSet(i, denial, null);
            }
        }
    }

    /** Where a refusal belongs: in the place of its key, else in one that is free, else in the oldest. */
    private int place(int first, Charge charge, CachedDenial denial) {
        int best = first;
        CachedDenial oldest = null;
        for (int i = first; i < first + WAYS; i++) {
            CachedDenial other = places.get(i);
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
