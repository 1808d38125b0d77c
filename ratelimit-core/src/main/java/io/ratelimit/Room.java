package io.ratelimit;

import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Room for so many keys in a memory store. Where there is none left, the fullest of the next few buckets makes way, if it
 * is at least half full; a rolling cursor over all tables picks them, so that each bucket is looked at in its turn.
 */
final class Room {

    private static final int SAMPLE = 16;

    private final int maxKeys;
    private final Collection<BucketTable> tables;
    private final LongSupplier nanos;
    private final AtomicLong taken = new AtomicLong();
    private final LongAdder evictions = new LongAdder();
    private final LongAdder refusals = new LongAdder();
    private final ReentrantLock cursorLock = new ReentrantLock();
    private Iterator<BucketTable> tableCursor = List.<BucketTable>of().iterator();
    private Iterator<Map.Entry<Object, Bucket>> cursor =
            List.<Map.Entry<Object, Bucket>>of().iterator();
    private @Nullable BucketTable table;

    Room(int maxKeys, Collection<BucketTable> tables, LongSupplier nanos) {
        this.maxKeys = maxKeys;
        this.tables = tables;
        this.nanos = nanos;
    }

    long taken() {
        return taken.get();
    }

    long evictions() {
        return evictions.sum();
    }

    long refusals() {
        return refusals.sum();
    }

    /** Takes room for one key, if need be by dropping another. */
    boolean take() {
        if (taken.incrementAndGet() <= maxKeys || evictOne()) {
            return true;
        }
        taken.decrementAndGet();
        return false;
    }

    /** Counts a charge that went to a shared bucket. */
    void refused() {
        refusals.increment();
    }

    void giveBack() {
        taken.decrementAndGet();
    }

    private boolean evictOne() {
        cursorLock.lock();
        try {
            Map.Entry<Object, Bucket> victim = null;
            BucketTable victimTable = null;
            double most = 0.5;
            for (int i = 0; i < SAMPLE && advance(); i++) {
                Map.Entry<Object, Bucket> candidate = cursor.next();
                long word = candidate.getValue().word();
                if (word == Bucket.HELD || word == Bucket.GONE || candidate.getKey() instanceof Integer) {
                    continue;
                }
                double fullness = candidate.getValue().fullness(word, nanos.getAsLong());
                if (fullness >= most) {
                    most = fullness;
                    victim = candidate;
                    victimTable = table;
                }
            }
            return victim != null && victimTable != null && evict(victimTable, victim.getKey(), victim.getValue());
        } finally {
            cursorLock.unlock();
        }
    }

    private boolean evict(BucketTable from, Object place, Bucket victim) {
        long word = victim.word();
        if (word == Bucket.HELD || word == Bucket.GONE || !victim.replace(word, Bucket.HELD)) {
            return false;
        }
        double fullness = victim.fullness(word, nanos.getAsLong());
        if (fullness < 0.5) {
            victim.release(word);
            return false;
        }
        if (fullness < 1) {
            evictions.increment();
        }
        from.drop(place, victim);
        return true;
    }

    private boolean advance() {
        for (int tried = 0; !cursor.hasNext() && tried <= tables.size(); tried++) {
            if (!tableCursor.hasNext()) {
                tableCursor = tables.iterator();
            }
            if (tableCursor.hasNext()) {
                table = tableCursor.next();
                cursor = table.buckets().entrySet().iterator();
            }
        }
        return cursor.hasNext();
    }
}
