package io.ratelimit.memory;

import io.ratelimit.Limit;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Collections;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A hash map of buckets by limit and key. The entries of its chains are the buckets themselves, so that a key takes one
 * object and a lookup follows one reference.
 *
 * <p>Lookups take no lock. Changes of a chain are made under the monitor of its segment; there are sixteen segments,
 * which grow independently. A lookup may miss a bucket that is moved by growth meanwhile, and is then repeated.
 *
 * <p>Keys with the same {@link String#hashCode} are easily crafted, and their chains would slow down every call. So a
 * chain has at most eight buckets; further ones are kept in a second map, with a {@linkplain KeyedHash keyed hash}.
 */
final class BucketMap implements Iterable<Bucket> {

    private static final int SEGMENTS = 16;
    private static final int SEGMENT_BITS = 4;
    private static final int LONGEST_CHAIN = 8;
    private static final int FEWEST_CHAINS = 16;
    private static final VarHandle CHAIN = MethodHandles.arrayElementVarHandle(Bucket[].class);

    private final boolean keyed;
    private final Segment[] segments = new Segment[SEGMENTS];
    private volatile @Nullable BucketMap overflow;

    BucketMap() {
        this(false);
    }

    private BucketMap(boolean keyed) {
        this.keyed = keyed;
        for (int i = 0; i < SEGMENTS; i++) {
            segments[i] = new Segment();
        }
    }

    /**
     * Returns the bucket of a key of a limit; null if there is none. While the bucket of a removed limit of the same
     * name is in the map, it may be that one.
     */
    @Nullable Bucket get(Limit limit, String key) {
        int hash = hash(limit, key.hashCode());
        Bucket bucket = findInChain(hash, null, limit, key);
        return bucket != null ? bucket : find(hash, null, limit, key);
    }

    /** Returns the bucket of a key that belongs to the given owner; null if there is none. */
    @Nullable Bucket get(BucketOwner owner, Limit limit, String key) {
        return find(hash(limit, key.hashCode()), owner, limit, key);
    }

    /**
     * Returns the bucket of a key; null if there is none, it is in the second map, or it was missed because of growth.
     */
    private @Nullable Bucket findInChain(int hash, @Nullable BucketOwner owner, Limit limit, String key) {
        for (Bucket each = first(segment(hash).chains, hash); each != null; each = each.next) {
            if (owner == null ? each.isOf(hash, limit, key) : each.isOf(hash, owner, key)) {
                return each;
            }
        }
        return null;
    }

    private @Nullable Bucket find(int hash, @Nullable BucketOwner owner, Limit limit, String key) {
        Segment segment = segment(hash);
        Bucket bucket;
        int before;
        do {
            before = segment.growth;
            bucket = findInChain(hash, owner, limit, key);
        } while (bucket == null && ((before & 1) != 0 || segment.growth != before));
        // A long key has no bucket under its own text, and no keyed hash.
        BucketMap second = bucket == null && KeyedHash.isShort(key) ? overflow : null;
        return second == null ? bucket : second.find(hash(limit, KeyedHash.of(key)), owner, limit, key);
    }

    /** Adds a bucket and returns null; if its key has a bucket already, returns that one. */
    @Nullable Bucket putIfAbsent(Bucket bucket) {
        int hash = hash(bucket);
        Segment segment = segment(hash);
        synchronized (segment) {
            Bucket existing = find(hash, bucket.layout.owner, bucket.limit(), bucket.key());
            if (existing == null && !keyed && segment.isCrowded(hash)) {
                return overflow().putIfAbsent(bucket);
            }
            if (existing == null) {
                bucket.hash = hash;
                segment.add(bucket);
            }
            return existing;
        }
    }

    /**
     * Replaces a bucket by another one of the same key, or removes it if that is null; returns false if it is not in
     * the map.
     */
    boolean replace(Bucket bucket, @Nullable Bucket next) {
        int hash = hash(bucket);
        Segment segment = segment(hash);
        synchronized (segment) {
            if (next != null) {
                next.hash = hash;
            }
            BucketMap second = overflow;
            return segment.replace(hash, bucket, next) || second != null && second.replace(bucket, next);
        }
    }

    /** Returns a weakly consistent iterator: buckets that are added, removed or moved meanwhile may be missed. */
    @Override
    public Iterator<Bucket> iterator() {
        return new BucketIterator();
    }

    /**
     * Passes on the buckets of some chains of this map and as many of the second one, numbered over all segments and
     * beginning anew after the last.
     */
    void forEachInChains(int from, int count, Consumer<Bucket> action) {
        for (int number = from; number != from + count; number++) {
            for (Bucket each = first(segment(number).chains, number); each != null; each = each.next) {
                action.accept(each);
            }
        }
        BucketMap second = overflow;
        if (second != null) {
            second.forEachInChains(from, count, action);
        }
    }

    private synchronized BucketMap overflow() {
        BucketMap second = overflow;
        if (second == null) {
            second = new BucketMap(true);
            overflow = second;
        }
        return second;
    }

    private Segment segment(int hash) {
        return segments[hash & SEGMENTS - 1];
    }

    private int hash(Bucket bucket) {
        return hash(
                bucket.limit(),
                keyed ? KeyedHash.of(bucket.key()) : bucket.key().hashCode());
    }

    private static int hash(Limit limit, int ofKey) {
        int hash = limit.nameHash() + ofKey;
        return hash ^ hash >>> 16;
    }

    private static @Nullable Bucket first(@Nullable Bucket[] chains, int hash) {
        return (Bucket) CHAIN.getAcquire(chains, hash >>> SEGMENT_BITS & chains.length - 1);
    }

    /** A sixteenth of the chains, with a lock for changes. Has at least four chains for three buckets. */
    private static final class Segment {

        /** The first bucket of each chain. */
        private volatile @Nullable Bucket[] chains = new Bucket[FEWEST_CHAINS];

        /** The number of times that growth began or ended; odd while the segment is growing. */
        private volatile int growth;

        private int size;

        boolean isCrowded(int hash) {
            int length = 0;
            for (Bucket each = first(chains, hash); each != null; each = each.next) {
                length++;
            }
            return length >= LONGEST_CHAIN;
        }

        void add(Bucket bucket) {
            if (++size > chains.length / 4 * 3) {
                grow();
            }
            bucket.next = first(chains, bucket.hash);
            setFirst(chains, bucket.hash, bucket);
        }

        boolean replace(int hash, Bucket bucket, @Nullable Bucket next) {
            Bucket before = null;
            Bucket each = first(chains, hash);
            while (each != null && each != bucket) {
                before = each;
                each = each.next;
            }
            if (each == null) {
                return false;
            }
            Bucket following = bucket.next;
            if (next == null) {
                size--;
            } else {
                next.next = following;
                following = next;
            }
            if (before == null) {
                setFirst(chains, hash, following);
            } else {
                before.next = following;
            }
            return true;
        }

        private void grow() {
            growth++;
            @Nullable Bucket[] wider = new Bucket[chains.length * 2];
            for (Bucket first : chains) {
                for (Bucket each = first, rest; each != null; each = rest) {
                    rest = each.next;
                    each.next = first(wider, each.hash);
                    setFirst(wider, each.hash, each);
                }
            }
            chains = wider;
            growth++;
        }

        private void setFirst(@Nullable Bucket[] chains, int hash, @Nullable Bucket first) {
            CHAIN.setRelease(chains, hash >>> SEGMENT_BITS & chains.length - 1, first);
        }
    }

    private final class BucketIterator implements Iterator<Bucket> {

        private @Nullable Bucket[] chains = segments[0].chains;
        private int segment;
        private int chain;
        private @Nullable Bucket upcoming;
        private @Nullable Iterator<Bucket> second;

        @Override
        public boolean hasNext() {
            while (upcoming == null && second == null) {
                if (chain < chains.length) {
                    upcoming = (Bucket) CHAIN.getAcquire(chains, chain++);
                } else if (++segment < SEGMENTS) {
                    chains = segments[segment].chains;
                    chain = 0;
                } else {
                    BucketMap map = overflow;
                    second = map == null ? Collections.emptyIterator() : map.iterator();
                }
            }
            return upcoming != null || second != null && second.hasNext();
        }

        @Override
        public Bucket next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            Bucket next = upcoming;
            if (next == null) {
                return Objects.requireNonNull(second).next();
            }
            upcoming = next.next;
            return next;
        }
    }
}
