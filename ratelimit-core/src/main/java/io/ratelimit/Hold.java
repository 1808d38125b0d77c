package io.ratelimit;

import java.util.Comparator;
import org.jspecify.annotations.Nullable;

/**
 * A charge with its bucket, which nobody else may touch until it is let go, seen in the shape that the charge is decided
 * in. A bucket of another shape is copied into the wanted one, and the copy takes its place only if the decision
 * {@link #rewrite() rewrites} it.
 */
final class Hold {

    /** The order in which every decision holds its buckets; charges that share a bucket are neighbours. */
    static final Comparator<Hold> ORDER = Comparator.comparing(
                    (Hold hold) -> hold.charge.limit().name())
            .thenComparing(hold -> hold.place instanceof Integer ? "" : hold.charge.key())
            .thenComparing(hold -> hold.place instanceof Integer number ? number : -1);

    final Charge charge;
    private final BucketTable table;
    private final Object place;
    private final Shape wanted;
    private final Bucket bucket;
    /** This hold or, if a neighbour holds the same bucket already, that one, whose fields below count for both. */
    private Hold owner = this;

    private boolean held;
    private boolean rewritten;
    private long word;
    private long next;
    private Bucket view;

    Hold(Charge charge, BucketTable table, Object place, Shape wanted, Bucket bucket) {
        this.charge = charge;
        this.table = table;
        this.place = place;
        this.wanted = wanted;
        this.bucket = bucket;
        this.view = bucket;
    }

    /** Holds the bucket, unless the neighbour before does; false says that it is no longer in its table. */
    boolean take(@Nullable Hold before) {
        if (before != null && before.bucket == bucket) {
            owner = before.owner;
            return true;
        }
        word = bucket.hold();
        next = word;
        held = word != Bucket.GONE;
        return held;
    }

    /** Whether the key shares a bucket although it has its own by now. */
    boolean isOutdated() {
        return place instanceof Integer && table.own(charge.key()) != null;
    }

    /** Looks at the held bucket as of an instant. */
    void look(long nanos) {
        if (owner == this && !bucket.shape.serves(charge.limit(), nanos)) {
            view = bucket.reshaped(word, wanted, nanos);
            next = view.word();
        }
    }

    boolean sharesWith(Hold other) {
        return owner == other.owner;
    }

    long level(int rate, long nanos) {
        return owner.view.level(rate, owner.next, nanos);
    }

    long phase(int rate, long level, long nanos) {
        return owner.view.phase(rate, level, nanos);
    }

    void set(int rate, long level, long phase, long nanos) {
        owner.next = owner.view.set(rate, level, phase, nanos);
    }

    /** Says that a rate refuses the charge, which may leave the bucket in the wanted shape. */
    void refuse(int rate, long nanos) {
        if (owner.view != owner.bucket && owner.bucket.yieldsTo(wanted, rate, owner.word, nanos)) {
            rewrite();
        }
    }

    /** Says that the bucket is to be left as it was seen or set. */
    void rewrite() {
        owner.rewritten = true;
    }

    void letGo() {
        if (!held) {
            return;
        }
        held = false;
        if (view == bucket) {
            bucket.release(next);
        } else if (rewritten) {
            view.release(next);
            table.buckets().replace(place, bucket, view);
            bucket.release(Bucket.GONE);
        } else {
            bucket.release(word);
        }
    }
}
