package io.ratelimit;

import io.ratelimit.algorithm.ConcurrencyLeases;
import io.ratelimit.algorithm.RateAlgorithm;
import io.ratelimit.algorithm.Tokens;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The cost of one call for one bucket: thousandths of a token, of one key of one limit.
 *
 * <p>A cost of zero consumes nothing and is always admitted. It reads the status of the bucket.
 *
 * @param limit the limit as it is configured now
 * @param key the key of the bucket; {@link #SHARED} for the one bucket of a limit that has no keys
 * @param cost thousandths of a token, zero or more; more than {@link Tokens#MOST_THOUSANDTHS} counts as that
 * @param lease for a limit that is {@linkplain Limit#isLeased() leased}, the id from 1 to 2<sup>53</sup> under which
 *     the charge is held, or queued for; else 0
 */
public record Charge(Limit limit, String key, long cost, long lease) {

    /**
     * The key of the one bucket of a limit that has no keys. It is the empty text, which users cannot pass as a key.
     */
    public static final String SHARED = "";

    /**
     * Checks the cost.
     *
     * @throws IllegalArgumentException if the cost is negative, if the lease is 0 for a leased limit or not 0 for any
     *     other, or if it is out of range
     */
    public Charge {
        if (cost < 0) {
            throw new IllegalArgumentException(
                    "Invalid cost " + Tokens.text(cost) + ": negative; use zero (free) or a positive number");
        }
        if (lease < 0 || lease > Tokens.MOST_THOUSANDTHS || (lease != 0) != limit.isLeased()) {
            throw new IllegalArgumentException("Invalid lease " + lease + " of limit \"" + limit.name()
                    + "\": use 1 to 2^53 where the limit is leased, else 0");
        }
        cost = Math.min(cost, Tokens.MOST_THOUSANDTHS);
    }

    /**
     * Creates a charge, with a new lease if the limit is leased.
     *
     * @param limit the limit as it is configured now
     * @param key the key of the bucket; {@link #SHARED} for the one bucket of a limit that has no keys
     * @param cost thousandths of a token, zero or more
     * @throws IllegalArgumentException if the cost is negative
     */
    public Charge(Limit limit, String key, long cost) {
        this(limit, key, cost, limit.isLeased() ? ThreadLocalRandom.current().nextLong(1, Tokens.MOST_THOUSANDTHS) : 0);
    }

    /**
     * Returns this charge with another cost, under the same lease.
     *
     * @param other thousandths of a token, zero or more
     * @return the charge
     * @throws IllegalArgumentException if the cost is negative
     */
    public Charge withCost(long other) {
        return new Charge(limit, key, other, lease);
    }

    /** Returns this charge with a new lease, if the limit is leased. */
    Charge withNewLease() {
        return lease == 0 ? this : new Charge(limit, key, cost);
    }

    /** {@return whether this charge holds a lease or queues for one; a charge of cost zero does not} */
    public boolean isLeased() {
        return lease != 0 && cost > 0;
    }

    /** {@return the algorithm of each rate of the limit, from the point of view of the holder of the lease} */
    public List<RateAlgorithm> algorithms() {
        return algorithms(limit);
    }

    /**
     * Returns the algorithm of each rate of another configuration of the limit, for the lease of this charge. Stores
     * use it for buckets that were last charged under that configuration.
     *
     * @param configured another configuration of the limit
     * @return one algorithm for each rate, in order
     */
    public List<RateAlgorithm> algorithms(Limit configured) {
        List<RateAlgorithm> algorithms = configured.algorithms();
        ConcurrencyLeases leases = lease == 0 ? null : algorithms.get(0).asLeases();
        return leases == null ? algorithms : List.of(leases.forLease(lease));
    }

    /**
     * Returns whether one of the charges holds a lease or queues for one. A call with such a charge gets no
     * reservation: it queues for its leases, and then all its charges are decided at once.
     *
     * @param charges the charges of a call
     * @return true if one of them is leased
     */
    public static boolean anyLeased(Collection<Charge> charges) {
        for (Charge charge : charges) {
            if (charge.isLeased()) {
                return true;
            }
        }
        return false;
    }

    /**
     * Merges charges into the form that {@link RateLimitStore#decide(List, java.time.Duration)} requires: in the order
     * of their limits' names and keys, each bucket once with the sum of its costs, with new leases, and each limit in
     * one version.
     *
     * @param charges any charges
     * @return at most as many charges
     */
    public static List<Charge> merged(Collection<Charge> charges) {
        List<Charge> all = List.copyOf(charges);
        if (isMerged(all)) {
            return all;
        }
        Charge[] sorted = all.toArray(new Charge[0]);
        Arrays.sort(sorted, Charge::inOrder);
        int last = 0;
        sorted[0] = sorted[0].withNewLease();
        for (int i = 1; i < sorted.length; i++) {
            Charge before = sorted[last];
            Charge charge = sorted[i];
            if (!before.limit.name().equals(charge.limit.name())) {
                sorted[++last] = charge.withNewLease();
            } else if (before.key.equals(charge.key)) {
                sorted[last] = before.withCost(Math.min(before.cost + charge.cost, Tokens.MOST_THOUSANDTHS));
            } else {
                sorted[++last] = new Charge(before.limit, charge.key, charge.cost);
            }
        }
        return List.of(Arrays.copyOf(sorted, last + 1));
    }

    /** Returns whether charges are in order, each bucket once, without leases. */
    private static boolean isMerged(List<Charge> charges) {
        for (int i = 0; i < charges.size(); i++) {
            Charge charge = charges.get(i);
            if (charge.lease != 0 || i > 0 && !charge.follows(charges.get(i - 1))) {
                return false;
            }
        }
        return true;
    }

    /**
     * Returns whether this charge comes after another one in the order of {@link #merged}, for stores that lock buckets
     * in that order.
     *
     * @param before the other charge
     * @return false also for a charge of another version of the same limit
     */
    public boolean follows(Charge before) {
        return limit == before.limit
                ? key.compareTo(before.key) > 0
                : limit.name().compareTo(before.limit.name()) > 0;
    }

    private static int inOrder(Charge first, Charge second) {
        int byName = first.limit.name().compareTo(second.limit.name());
        return byName != 0 ? byName : first.key.compareTo(second.key);
    }
}
