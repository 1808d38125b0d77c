package io.ratelimit;

import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A charge with its bucket, which nobody else may touch until it is let go, seen in the wanted shape: that of the charge
 * where it is decided, the bucket's own where something is changed that was decided before. A bucket of another shape is
 * copied into the wanted one, and the copy takes its place only if the decision changes it.
 */
final class LockedBucket {

    /** The order in which every decision holds its buckets; charges that share a bucket are neighbours. */
    static final Comparator<LockedBucket> ORDER = Comparator.comparing(
                    (LockedBucket locked) -> locked.charge.limit().name())
            .thenComparing(locked -> locked.bucket.isShared() ? "" : locked.bucket.key())
            .thenComparing(locked -> locked.bucket.isShared() ? locked.bucket.hash : -1);

    private static final long[] NONE = {};

    final Charge charge;
    private final LimitBuckets table;
    private final BucketLayout wanted;
    private final Bucket bucket;
    private final List<RateAlgorithm> rates;
    /** This hold or, if a neighbour holds the same bucket already, that one, whose fields below count for both. */
    private LockedBucket owner = this;

    private boolean locked;
    private boolean rewritten;
    private long word;
    private long nanos;
    private long[][] states = {};

    LockedBucket(Charge charge, LimitBuckets table, BucketLayout wanted, Bucket bucket) {
        this.charge = charge;
        this.table = table;
        this.wanted = wanted;
        this.bucket = bucket;
        this.rates = charge.algorithms(wanted.limit);
    }

    /** Holds the bucket, unless the neighbour before does; false says that it is no longer in its table. */
    boolean lock(@Nullable LockedBucket before) {
        if (before != null && before.bucket == bucket) {
            owner = before.owner;
            return true;
        }
        word = bucket.lock();
        locked = word != Bucket.GONE;
        return locked;
    }

    /** Whether the key shares a bucket although it has its own by now. */
    boolean isOutdated() {
        return bucket.isShared() && table.find(charge.key()) != bucket;
    }

    /** Looks at the held bucket as of an instant. */
    void look(long now) {
        nanos = now;
        if (owner == this) {
            states = bucket.layout.serves(wanted.limit, now)
                    ? bucket.states(word, now)
                    : bucket.migrated(word, wanted, now);
        }
    }

    /** Tells what the charge finds of a rate, after what {@code others} before it would take of the same bucket. */
    void observe(int rate, LockedBucket[] others, int before, long[] observations, int at) {
        RateAlgorithm algorithm = rate(rate);
        long now = BucketLayout.ticks(algorithm, nanos);
        long[] state = owner.states[rate];
        for (int i = 0; i < before; i++) {
            if (others[i].owner == owner) {
                long cost = Math.min(others[i].charge.cost(), algorithm.capacityThousandths());
                algorithm.observe(state, now, cost, observations, at);
                state = algorithm.consume(
                        state, cost, observations[at] + algorithm.ticksUntilAdmitted(observations, at, cost));
            }
        }
        algorithm.observe(state, now, charge.cost(), observations, at);
    }

    /** Takes the charge's cost from each rate, for a grant so many nanoseconds after the instants that were seen. */
    void charge(long waitNanos, long[] observations, int at) {
        for (int i = 0; i < owner.states.length; i++) {
            RateAlgorithm rate = rate(i);
            long granted = observations[at + RateAlgorithm.OBSERVATIONS * i] + waitNanos / rate.tickNanos();
            owner.states[i] = rate.consume(owner.states[i], charge.cost(), granted);
        }
        owner.rewritten = true;
    }

    /** Queues for the lease of the charge, if it has one. */
    void queue() {
        if (charge.isLeased()) {
            owner.states[0] = leases().enqueue(owner.states[0], charge.cost());
            owner.rewritten = true;
        }
    }

    /** Leaves the queue for the lease of the charge, if it is in one. */
    void leaveQueue() {
        if (charge.isLeased()) {
            long[] left = leases().leaveQueue(owner.states[0]);
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
        ConcurrencyLeases known = (ConcurrencyLeases) charge.algorithms().get(0);
        long[] renewed = known.renew(owner.states[0]);
        owner.rewritten |= renewed != owner.states[0];
        owner.states[0] = renewed;
        return known.leaseState(renewed);
    }

    /** The leases that those who queue could have after what changed. */
    long[] ready() {
        return isOfLeases() && charge.isLeased() && owner.rewritten ? leases().readyLeases(owner.states[0]) : NONE;
    }

    /** Whether the limit is not configured otherwise since the lease was taken. */
    private boolean isOfLeases() {
        return rate(0) instanceof ConcurrencyLeases;
    }

    private ConcurrencyLeases leases() {
        return (ConcurrencyLeases) rate(0);
    }

    /** Takes the charge's cost from each rate, whether it fits or not. */
    void debit() {
        if (charge.cost() == 0) {
            return;
        }
        for (int i = 0; i < owner.states.length; i++) {
            owner.states[i] = rate(i).debit(owner.states[i], charge.cost());
        }
        owner.rewritten = true;
    }

    /**
     * Gives the charge's cost back to each rate, as of the instants of the grant for which it was taken. A rate that the
     * limit got since took nothing, and gets nothing.
     */
    void refund(long[] granted) {
        if (charge.cost() == 0) {
            return;
        }
        List<RateAlgorithm> taken = charge.limit().algorithms();
        for (int i = 0; i < owner.states.length; i++) {
            for (int j = 0; j < granted.length; j++) {
                if (rate(i).canMigrateFrom(taken.get(j))) {
                    owner.states[i] = rate(i).refund(owner.states[i], charge.cost(), granted[j]);
                }
            }
        }
        owner.rewritten = true;
    }

    /** Says that a rate refuses the charge, which may leave the bucket in the wanted shape. */
    void refuse(int rate) {
        Bucket seen = owner.bucket;
        if (!seen.layout.serves(wanted.limit, nanos) && seen.yieldsTo(wanted, rate, owner.word, nanos)) {
            owner.rewritten = true;
        }
    }

    /** Lets go of the bucket as it was found, if it is still held. */
    void abandon() {
        if (locked) {
            locked = false;
            bucket.unlock(word);
        }
    }

    void unlock() {
        if (!locked) {
            return;
        }
        if (!rewritten) {
            bucket.unlock(word);
        } else if (bucket.layout.serves(wanted.limit, nanos)) {
            bucket.unlock(bucket.set(states, nanos));
        } else {
            Bucket migrated = bucket.lockedFull(wanted);
            migrated.unlock(migrated.set(states, nanos));
            table.replace(bucket, migrated);
        }
        locked = false;
    }

    private RateAlgorithm rate(int rate) {
        return rates.get(rate);
    }
}
