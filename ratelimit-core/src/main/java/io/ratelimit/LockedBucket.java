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
    private final @Nullable ConcurrencyLeases leases;
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
        this.leases = rates.get(0).asLeases();
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
    void observe(int rate, LockedBucket[] others, int before, Observations observations, int index) {
        RateAlgorithm algorithm = rate(rate);
        long now = algorithm.ticks(nanos);
        long[] state = owner.states[rate];
        for (int i = 0; i < before; i++) {
            if (others[i].owner == owner) {
                long cost = Math.min(others[i].charge.cost(), algorithm.capacityThousandths());
                algorithm.observe(state, now, cost, observations, index);
                long wait = algorithm.ticksUntilAdmitted(observations, index, cost);
                state = algorithm.consume(state, cost, observations.instant(index) + wait);
            }
        }
        algorithm.observe(state, now, charge.cost(), observations, index);
    }

    /** Takes the charge's cost from each rate, for a grant so many nanoseconds after the instants that were seen. */
    void charge(long waitNanos, Observations observations, int first) {
        for (int i = 0; i < owner.states.length; i++) {
            RateAlgorithm rate = rate(i);
            long granted = observations.instant(first + i) + waitNanos / rate.tickNanos();
            owner.states[i] = rate.consume(owner.states[i], charge.cost(), granted);
        }
        owner.rewritten = true;
    }

    /** Queues for the lease of the charge, if it has one. */
    void queue() {
        if (leases != null) {
            long[] queued = leases.enqueue(owner.states[0], charge.cost());
            owner.rewritten |= queued != owner.states[0];
            owner.states[0] = queued;
        }
    }

    /** Leaves the queue for the lease of the charge, if it is in one. */
    void leaveQueue() {
        if (leases != null) {
            long[] left = leases.leaveQueue(owner.states[0]);
            owner.rewritten |= left != owner.states[0];
            owner.states[0] = left;
        }
    }

    /**
     * Makes the lease of the charge last, and tells what became of it. Its holder renews it by the lease time that it knows,
     * and who queues will be decided by the limit that it knows; so both count in the configuration of the charge.
     */
    LeaseState renew() {
        ConcurrencyLeases known = charge.algorithms().get(0).asLeases();
        if (leases == null || known == null) {
            return LeaseState.LOST;
        }
        long[] renewed = known.renew(owner.states[0]);
        owner.rewritten |= renewed != owner.states[0];
        owner.states[0] = renewed;
        return known.leaseState(renewed);
    }

    /** The leases that those who queue could have after what changed. */
    long[] ready() {
        return leases != null && owner.rewritten ? leases.readyLeases(owner.states[0]) : NONE;
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
