package io.ratelimit;

import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A charge with its bucket, which nobody else may touch until it is let go, seen in the wanted shape: that of the charge
 * where it is decided, the bucket's own where something is changed that was decided before. A bucket of another shape is
 * copied into the wanted one, and the copy takes its place only if the decision changes it.
 */
final class Hold {

    /** The order in which every decision holds its buckets; charges that share a bucket are neighbours. */
    static final Comparator<Hold> ORDER = Comparator.comparing(
                    (Hold hold) -> hold.charge.limit().name())
            .thenComparing(hold -> hold.bucket.isShared() ? "" : hold.bucket.key())
            .thenComparing(hold -> hold.bucket.isShared() ? hold.bucket.hash : -1);

    private static final long[] NONE = {};

    final Charge charge;
    private final BucketTable table;
    private final Shape wanted;
    private final Bucket bucket;
    private final List<Arithmetic> rates;
    /** This hold or, if a neighbour holds the same bucket already, that one, whose fields below count for both. */
    private Hold owner = this;

    private boolean held;
    private boolean rewritten;
    private long word;
    private long nanos;
    private long[][] states = {};

    Hold(Charge charge, BucketTable table, Shape wanted, Bucket bucket) {
        this.charge = charge;
        this.table = table;
        this.wanted = wanted;
        this.bucket = bucket;
        this.rates = charge.arithmetic(wanted.limit);
    }

    /** Holds the bucket, unless the neighbour before does; false says that it is no longer in its table. */
    boolean take(@Nullable Hold before) {
        if (before != null && before.bucket == bucket) {
            owner = before.owner;
            return true;
        }
        word = bucket.hold();
        held = word != Bucket.GONE;
        return held;
    }

    /** Whether the key shares a bucket although it has its own by now. */
    boolean isOutdated() {
        return bucket.isShared() && table.find(charge.key()) != bucket;
    }

    /** Looks at the held bucket as of an instant. */
    void look(long now) {
        nanos = now;
        if (owner == this) {
            states = bucket.shape.serves(wanted.limit, now)
                    ? bucket.states(word, now)
                    : bucket.reshaped(word, wanted, now);
        }
    }

    /** Tells what the charge finds of a rate, after what {@code others} before it would take of the same bucket. */
    void see(int rate, Hold[] others, int before, long[] seen, int at) {
        Arithmetic arithmetic = rate(rate);
        long now = Shape.ticks(arithmetic, nanos);
        long[] state = owner.states[rate];
        for (int i = 0; i < before; i++) {
            if (others[i].owner == owner) {
                long cost = Math.min(others[i].charge.cost(), arithmetic.capacityThousandths());
                arithmetic.see(state, now, cost, seen, at);
                state = arithmetic.taken(state, cost, seen[at] + arithmetic.untilAdmitted(seen, at, cost));
            }
        }
        arithmetic.see(state, now, charge.cost(), seen, at);
    }

    /** Takes the charge's cost from each rate, for a grant so many nanoseconds after the instants that were seen. */
    void charge(long waitNanos, long[] seen, int at) {
        for (int i = 0; i < owner.states.length; i++) {
            Arithmetic rate = rate(i);
            long granted = seen[at + Arithmetic.SEEN * i] + waitNanos / rate.tickNanos();
            owner.states[i] = rate.taken(owner.states[i], charge.cost(), granted);
        }
        owner.rewritten = true;
    }

    /** Queues for the lease of the charge, if it has one. */
    void queue() {
        if (charge.isLeased()) {
            owner.states[0] = leases().queued(owner.states[0], charge.cost());
            owner.rewritten = true;
        }
    }

    /** Leaves the queue for the lease of the charge, if it is in one. */
    void leaveQueue() {
        if (charge.isLeased()) {
            long[] left = leases().left(owner.states[0]);
            owner.rewritten |= left != owner.states[0];
            owner.states[0] = left;
        }
    }

    /**
     * Makes the lease of the charge last, and tells what became of it. Its holder renews it by the lease time that it knows,
     * and who queues will be decided by the limit that it knows; so both count in the configuration of the charge.
     */
    LeaseState renew() {
        if (!isOfLeases()) {
            return LeaseState.LOST;
        }
        Concurrency known = (Concurrency) charge.arithmetic().get(0);
        long[] renewed = known.renewed(owner.states[0]);
        owner.rewritten |= renewed != owner.states[0];
        owner.states[0] = renewed;
        return known.lease(renewed);
    }

    /** The leases that those who queue could have after what changed. */
    long[] ready() {
        return isOfLeases() && charge.isLeased() && owner.rewritten ? leases().ready(owner.states[0]) : NONE;
    }

    /** Whether the limit is not configured otherwise since the lease was taken. */
    private boolean isOfLeases() {
        return rate(0) instanceof Concurrency;
    }

    private Concurrency leases() {
        return (Concurrency) rate(0);
    }

    /** Takes the charge's cost from each rate, whether it fits or not. */
    void owe() {
        if (charge.cost() == 0) {
            return;
        }
        for (int i = 0; i < owner.states.length; i++) {
            owner.states[i] = rate(i).owed(owner.states[i], charge.cost());
        }
        owner.rewritten = true;
    }

    /**
     * Gives the charge's cost back to each rate, as of the instants of the grant for which it was taken. A rate that the
     * limit got since took nothing, and gets nothing.
     */
    void giveBack(long[] granted) {
        if (charge.cost() == 0) {
            return;
        }
        List<Arithmetic> taken = charge.limit().arithmetic();
        for (int i = 0; i < owner.states.length; i++) {
            for (int j = 0; j < granted.length; j++) {
                if (rate(i).continues(taken.get(j))) {
                    owner.states[i] = rate(i).returned(owner.states[i], charge.cost(), granted[j]);
                }
            }
        }
        owner.rewritten = true;
    }

    /** Says that a rate refuses the charge, which may leave the bucket in the wanted shape. */
    void refuse(int rate) {
        Bucket seen = owner.bucket;
        if (!seen.shape.serves(wanted.limit, nanos) && seen.yieldsTo(wanted, rate, owner.word, nanos)) {
            owner.rewritten = true;
        }
    }

    /** Lets go of the bucket as it was found, if it is still held. */
    void abandon() {
        if (held) {
            held = false;
            bucket.release(word);
        }
    }

    void letGo() {
        if (!held) {
            return;
        }
        if (!rewritten) {
            bucket.release(word);
        } else if (bucket.shape.serves(wanted.limit, nanos)) {
            bucket.release(bucket.set(states, nanos));
        } else {
            Bucket reshaped = bucket.heldFull(wanted);
            reshaped.release(reshaped.set(states, nanos));
            table.replace(bucket, reshaped);
        }
        held = false;
    }

    private Arithmetic rate(int rate) {
        return rates.get(rate);
    }
}
