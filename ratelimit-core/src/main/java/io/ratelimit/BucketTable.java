package io.ratelimit;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * The buckets of one limit: one for each key and, for keys that came when there was no room, 1,024 to share.
 *
 * <p>A key's own bucket stands under the key itself, a shared one under its number, so that no key can name it. Which one
 * a key shares is told by a keyed hash, so that nobody can choose whose tokens to take. A key that gets its own bucket
 * later starts it as a copy of the one it shared.
 */
final class BucketTable {

    private static final int SHARED_BUCKETS = 1024;
    private static final SecretKeySpec HASH_KEY = hashKey();

    private final ConcurrentMap<Object, Bucket> buckets = new ConcurrentHashMap<>();
    private final AtomicInteger shared = new AtomicInteger();
    private final Room room;
    private final LongSupplier nanos;
    private volatile Shape shape;

    BucketTable(Limit limit, Room room, LongSupplier nanos) {
        this.room = room;
        this.nanos = nanos;
        this.shape = new Shape(limit, nanos.getAsLong());
    }

    ConcurrentMap<Object, Bucket> buckets() {
        return buckets;
    }

    /** A key's own bucket, if it has one. */
    @Nullable Bucket own(String key) {
        return buckets.get(key);
    }

    /** The shape in which a charge of this limit is decided now. */
    Shape shape(Limit limit) {
        Shape current = shape;
        long now = nanos.getAsLong();
        if (!current.serves(limit, now)) {
            current = new Shape(limit, now);
            shape = current;
        }
        return current;
    }

    /** Where the bucket of a key stands: under the key, or under the number of the bucket that it shares. */
    Object place(String key) {
        return shared.get() == 0 || buckets.containsKey(key) ? key : shares(key);
    }

    /** Gives a key a bucket, in the given shape if it is new, its own if there is room, else one to share; says where it stands. */
    Object placeFor(String key, Shape wanted) {
        while (true) {
            if (buckets.containsKey(key)) {
                return key;
            }
            Integer number = shared.get() == 0 ? null : shares(key);
            Bucket origin = number == null ? null : buckets.get(number);
            if (room.take()) {
                if (origin == null ? insertFull(key, wanted) : insertCopy(key, origin)) {
                    continue;
                }
                room.giveBack();
            } else if (number == null || origin == null) {
                share(shares(key), wanted);
            } else {
                room.refused();
                return number;
            }
        }
    }

    /** Takes a held bucket out; whoever found it in the table meanwhile looks again. */
    void drop(Object place, Bucket held) {
        held.release(Bucket.GONE);
        if (buckets.remove(place, held)) {
            if (place instanceof Integer) {
                shared.decrementAndGet();
            } else {
                room.giveBack();
            }
        }
    }

    /** Drops a bucket if it is full now. */
    void dropIfFull(Object place, Bucket bucket) {
        long word = bucket.hold();
        if (word == Bucket.GONE) {
            return;
        }
        if (bucket.isFull(word, nanos.getAsLong())) {
            drop(place, bucket);
        } else {
            bucket.release(word);
        }
    }

    private boolean insertFull(String key, Shape wanted) {
        Bucket bucket = Bucket.heldFull(wanted);
        if (buckets.putIfAbsent(key, bucket) != null) {
            return false;
        }
        boolean alone = shared.get() == 0 || !buckets.containsKey(shares(key));
        if (alone) {
            bucket.release(Bucket.FULL);
        } else {
            bucket.release(Bucket.GONE);
            buckets.remove(key, bucket);
        }
        return alone;
    }

    private boolean insertCopy(String key, Bucket origin) {
        long word = origin.hold();
        if (word == Bucket.GONE) {
            return false;
        }
        Bucket bucket = origin.heldCopy();
        boolean inserted = buckets.putIfAbsent(key, bucket) == null;
        bucket.release(word);
        origin.release(word);
        return inserted;
    }

    private void share(Integer number, Shape wanted) {
        Bucket bucket = Bucket.heldFull(wanted);
        shared.incrementAndGet();
        if (buckets.putIfAbsent(number, bucket) != null) {
            shared.decrementAndGet();
        }
        bucket.release(Bucket.FULL);
    }

    private static Integer shares(String key) {
        try {
            Mac mac = Mac.getInstance(HASH_KEY.getAlgorithm());
            mac.init(HASH_KEY);
            byte[] hash = mac.doFinal(key.getBytes(StandardCharsets.UTF_8));
            return ((hash[0] & 0xff) << 8 | hash[1] & 0xff) % SHARED_BUCKETS;
        } catch (GeneralSecurityException ex) {
            throw new IllegalStateException("Every Java platform has HmacSHA256", ex);
        }
    }

    private static SecretKeySpec hashKey() {
        byte[] secret = new byte[32];
        new SecureRandom().nextBytes(secret);
        return new SecretKeySpec(secret, "HmacSHA256");
    }
}
