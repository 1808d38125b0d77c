package io.ratelimit.memory;

import io.ratelimit.Charge;
import io.ratelimit.algorithm.ConcurrencyLeases;
import io.ratelimit.algorithm.LeaseState;
import io.ratelimit.algorithm.Observations;
import io.ratelimit.algorithm.RateAlgorithm;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The locked bucket of a charge, whose state is read and changed in a wanted layout: that of the charge for a decision,
 * and the bucket's own for changes of an earlier decision. A bucket of another layout is migrated in a copy, which
 * replaces it only if the call changes it.
 */
final class LockedBucket {

    private static final long[] NONE = {};

    final Charge charge;
    private final LimitBuckets table;
    private final BucketLayout wanted;
    private final @Nullable Bucket found;
    private final Bucket bucket;
    private final List<RateAlgorithm> rates;
    private final @Nullable ConcurrencyLeases leases;
    /**
     * This object or, if an earlier charge of the call has locked the same bucket, the object of that charge. The
     * fields below are then used only on that object.
     */
    private LockedBucket owner = this;

    private boolean locked;
    private boolean changed;
    private long word;
    private long nanos;
    private long[][] states = {};

    /**
     * Creates an object whose bucket is not locked yet.
     *
     * @param found the bucket; null if the key has none, and is decided as a full one that is not kept
     */
    LockedBucket(Charge charge, LimitBuckets table, BucketLayout wanted, @Nullable Bucket found) {
        this.charge = charge;
        this.table = table;
        this.wanted = wanted;
        this.found = found;
        this.bucket = found == null ? Bucket.full(charge.key(), wanted) : found;
        this.rates = charge.algorithms(wanted.limit);
        this.leases = charge.isLeased() ? rates.get(0).asLeases() : null;
    }

    /**
     * Compares buckets by the order in which all calls lock them. Charges that share a bucket follow one another.
     */
    int compareInLockOrder(LockedBucket other) {
        int byName = charge.limit().name().compareTo(other.charge.limit().name());
        int byKey = byName != 0 ? byName : ownKey().compareTo(other.ownKey());
        return byKey != 0 ? byKey : Integer.compare(sharedNumber(), other.sharedNumber());
    }

    private String ownKey() {
        return bucket.isShared() ? "" : bucket.key();
    }

    private int sharedNumber() {
        return bucket.isShared() ? bucket.hash : -1;
    }

    /**
     * Locks the bucket, unless the object before this one has locked it; returns false if it was removed from the map.
     */
    boolean lock(@Nullable LockedBucket before) {
        if (before != null && before.bucket == bucket) {
            owner = before.owner;
            return true;
        }
        word = bucket.lock();
        locked = word != Bucket.GONE;
        return locked;
    }

    /**
     * Returns whether the key has another bucket by now: its own instead of a shared one or of none, or none because
     * the limit was removed. The call would otherwise come before a concurrent one for some of its keys, and after it
     * for others.
     */
    boolean isOutdated() {
        return table.isOutdated() || (found == null || found.isShared()) && table.find(charge.key()) != found;
    }

    /** Reads the state of the bucket at the given time of the store's clock. */
    void look(long now) {
        nanos = now;
        if (owner == this) {
            states = bucket.layout.serves(wanted, now) ? bucket.states(word, now) : bucket.migrated(word, wanted, now);
        }
    }

    /**
     * Records the state of a rate before the charge is consumed. Earlier charges of the call that share the bucket are
     * counted as consumed.
     *
     * @param others the locked buckets of the call
     * @param before the number of those that come before this one
     */
    void observe(int rate, LockedBucket[] others, int before, Observations observations, int index) {
        RateAlgorithm algorithm = rate(rate);
        long now = algorithm.ticks(nanos);
        long[] state = owner.states[rate];
        for (int i = 0; i < before; i++) {
            if (others[i].owner == owner) {
                long cost = Math.min(others[i].charge.cost(), algorithm.capacityThousandths());
                algorithm.observe(state, now, cost, observations, index);
                long wait = algorithm.ticksUntilAdmitted(observations, index, cost);
                state = algorithm.consume(state.clone(), cost, observations.instant(index) + wait);
            }
        }
        algorithm.observe(state, now, charge.cost(), observations, index);
    }

    /** Consumes the cost of the charge from each rate, for a grant the given time after the observed instants. */
    void consume(long waitNanos, Observations observations, int first) {
        for (int i = 0; i < owner.states.length; i++) {
            RateAlgorithm rate = rate(i);
            long granted = observations.instant(first + i) + waitNanos / rate.tickNanos();
            owner.states[i] = rate.consume(owner.states[i], charge.cost(), granted);
        }
        owner.changed = true;
    }

    /** Adds the lease of the charge to the queue, if it has one. */
    void queue() {
        if (leases != null) {
            long[] queued = leases.enqueue(owner.states[0], charge.cost());
            owner.changed |= queued != owner.states[0];
            owner.states[0] = queued;
        }
    }

    /** Removes the lease of the charge from the queue, if it is queued. */
    void leaveQueue() {
        if (leases != null) {
            long[] left = leases.leaveQueue(owner.states[0]);
            owner.changed |= left != owner.states[0];
            owner.states[0] = left;
        }
    }

    /**
     * Renews the lease of the charge, and returns the state of the lease. The lease time is that of the charge's own
     * configuration, even if the limit was reconfigured since, because the holder renews at the interval of that
     * configuration.
     */
    LeaseState renew() {
        ConcurrencyLeases known = charge.algorithms().get(0).asLeases();
        if (leases == null || known == null) {
            return LeaseState.LOST;
        }
        long[] renewed = known.renew(owner.states[0]);
        owner.changed |= renewed != owner.states[0];
        owner.states[0] = renewed;
        return known.leaseState(renewed);
    }

    /** Returns the queued leases that are ready after the changes of this call. */
    long[] ready() {
        return leases != null && owner.changed ? leases.readyLeases(owner.states[0]) : NONE;
    }

    /** Debits the cost of the charge from each rate. */
    void debit() {
        if (charge.cost() == 0) {
            return;
        }
        for (int i = 0; i < owner.states.length; i++) {
            owner.states[i] = rate(i).debit(owner.states[i], charge.cost());
        }
        owner.changed = true;
    }

    /**
     * Refunds the cost of the charge to each rate that consumed it. A rate that was added to the limit after the
     * decision is not refunded.
     *
     * @param granted the tick for which each rate of the charge was granted
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
        owner.changed = true;
    }

    /**
     * Records that a rate rejects the charge, which may {@linkplain Bucket#yieldsTo convert} the bucket to the wanted
     * layout.
     */
    void reject(int rate) {
        Bucket found = owner.bucket;
        if (!found.layout.serves(wanted, nanos) && found.yieldsTo(wanted, rate, owner.word, nanos)) {
            owner.changed = true;
        }
    }

    /** Unlocks the bucket without a change, if it is still locked. */
    void abandon() {
        if (locked) {
            locked = false;
            bucket.unlock(word);
        }
    }

    /** Writes the changes, if there are any, and unlocks the bucket. */
    void unlock() {
        if (!locked) {
            return;
        }
        if (!changed) {
            bucket.unlock(word);
        } else if (bucket.layout.serves(wanted, nanos)) {
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
