package io.ratelimit;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Collections;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Buckets by limit and key: a hash table whose entries are the buckets themselves, so that a key costs one object and one look
 * at it.
 *
 * <p>Reading takes no lock. What changes a chain holds the monitor of its segment, of which there are sixteen, each growing by
 * itself. A reader may miss a bucket that is moved to a wider segment meanwhile, and then looks again.
 *
 * <p>Texts with one {@link String#hashCode} are easily made, and chains of them would make the table slow for everybody. So
 * a chain has at most eight buckets; further ones stand apart, in a table with a {@linkplain KeyedHash secret hash}.
 */
final class BucketMap implements Iterable<Bucket> {

    private static final int SEGMENTS = 16;
    private static final int SEGMENT_BITS = 4;
    private static final int LONGEST_CHAIN = 8;
    private static final int FEWEST_CHAINS = 16;
    private static final VarHandle CHAIN = MethodHandles.arrayElementVarHandle(Bucket[].class);

    private final boolean secret;
    private final Segment[] segments = new Segment[SEGMENTS];
    private volatile @Nullable BucketMap apart;

    BucketMap() {
        this(false);
    }

    private BucketMap(boolean secret) {
        this.secret = secret;
        for (int i = 0; i < SEGMENTS; i++) {
            segments[i] = new Segment();
        }
    }

    /** The bucket of a limit's key; null if there is none. */
    @Nullable Bucket get(Limit limit, String key) {
        int hash = hash(limit, key.hashCode());
        Bucket bucket = glimpse(hash, limit, key);
        return bucket != null ? bucket : lookedFor(hash, limit, key);
    }

    /** The bucket of a key, unless there is none, or it stands apart, or was moved meanwhile. */
    private @Nullable Bucket glimpse(int hash, Limit limit, String key) {
        for (Bucket each = first(segment(hash).chains, hash); each != null; each = each.next) {
            if (each.isOf(hash, limit, key)) {
                return each;
            }
        }
        return null;
    }

    private @Nullable Bucket lookedFor(int hash, Limit limit, String key) {
        Segment segment = segment(hash);
        Bucket bucket;
        int before;
        do {
            before = segment.growth;
            bucket = glimpse(hash, limit, key);
        } while (bucket == null && ((before & 1) != 0 || segment.growth != before));
        // A key that is not short has no bucket here, and no secret hash.
        BucketMap others = bucket == null && KeyedHash.isShort(key) ? apart : null;
        return others == null ? bucket : others.lookedFor(hash(limit, KeyedHash.of(key)), limit, key);
    }

    /** Adds a bucket, unless its key has one already; returns that one. */
    @Nullable Bucket putIfAbsent(Bucket bucket) {
        int hash = hash(bucket);
        Segment segment = segment(hash);
        synchronized (segment) {
            Bucket there = lookedFor(hash, bucket.limit(), bucket.key());
            if (there == null && !secret && segment.isCrowded(hash)) {
                return others().putIfAbsent(bucket);
            }
            if (there == null) {
                bucket.hash = hash;
                segment.add(bucket);
            }
            return there;
        }
    }

    /** Takes a bucket out, or puts another one of the same key in its place; false if it is not there. */
    boolean replace(Bucket bucket, @Nullable Bucket next) {
        int hash = hash(bucket);
        Segment segment = segment(hash);
        synchronized (segment) {
            if (next != null) {
                next.hash = hash;
            }
            BucketMap others = apart;
            return segment.replace(hash, bucket, next) || others != null && others.replace(bucket, next);
        }
    }

    /** All buckets that are there throughout; one that comes or goes or is moved meanwhile, maybe. */
    @Override
    public Iterator<Bucket> iterator() {
        return new BucketIterator();
    }

    private synchronized BucketMap others() {
        BucketMap others = apart;
        if (others == null) {
            others = new BucketMap(true);
            apart = others;
        }
        return others;
    }

    private Segment segment(int hash) {
        return segments[hash & SEGMENTS - 1];
    }

    private int hash(Bucket bucket) {
        return hash(
                bucket.limit(),
                secret ? KeyedHash.of(bucket.key()) : bucket.key().hashCode());
    }

    private static int hash(Limit limit, int ofKey) {
        int hash = limit.nameHash() + ofKey;
        return hash ^ hash >>> 16;
    }

    private static @Nullable Bucket first(@Nullable Bucket[] chains, int hash) {
        return (Bucket) CHAIN.getAcquire(chains, hash >>> SEGMENT_BITS & chains.length - 1);
    }

    /** What changes some of the chains, of which it has at least a third more than buckets. */
    private static final class Segment {

        /** The first bucket of each chain. */
        private volatile @Nullable Bucket[] chains = new Bucket[FEWEST_CHAINS];

        /** How often the segment began and ended to grow: odd while it does. */
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
            begin(chains, bucket.hash, bucket);
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
                begin(chains, hash, following);
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
                    begin(wider, each.hash, each);
                }
            }
            chains = wider;
            growth++;
        }

        private void begin(@Nullable Bucket[] chains, int hash, @Nullable Bucket first) {
            CHAIN.setRelease(chains, hash >>> SEGMENT_BITS & chains.length - 1, first);
        }
    }

    private final class BucketIterator implements Iterator<Bucket> {

        private @Nullable Bucket[] chains = segments[0].chains;
        private int segment;
        private int chain;
        private @Nullable Bucket ahead;
        private @Nullable Iterator<Bucket> others;

        @Override
        public boolean hasNext() {
            while (ahead == null && others == null) {
                if (chain < chains.length) {
                    ahead = (Bucket) CHAIN.getAcquire(chains, chain++);
                } else if (++segment < SEGMENTS) {
                    chains = segments[segment].chains;
                    chain = 0;
                } else {
                    BucketMap map = apart;
                    others = map == null ? Collections.emptyIterator() : map.iterator();
                }
            }
            return ahead != null || others != null && others.hasNext();
        }

        @Override
        public Bucket next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            Bucket next = ahead;
            if (next == null) {
                return Objects.requireNonNull(others).next();
            }
            ahead = next.next;
            return next;
        }
    }
}
