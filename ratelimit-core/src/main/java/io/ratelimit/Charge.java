package io.ratelimit;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * What one call takes from one bucket: so many thousandths of a token, from one key of one limit.
 *
 * <p>A cost of zero takes nothing and is always admitted: it reads the level.
 *
 * @param limit the limit as it is configured now
 * @param key whose bucket; {@link #SHARED} for the one bucket of a limit that has no keys
 * @param cost thousandths of a token, zero or more; more than {@link Tokens#MOST_THOUSANDTHS} counts as this much
 * @param lease for a limit that is {@linkplain Limit#isLeased() leased}, the number from 1 to 2<sup>53</sup> under which the
 *     charge is held, or queued for; else 0
 */
public record Charge(Limit limit, String key, long cost, long lease) {

    /** The key of the one bucket of a limit that has no keys. No key that a user gives is empty, so none collides. */
    public static final String SHARED = "";

    private static final Comparator<Charge> ORDER =
            Comparator.comparing((Charge charge) -> charge.limit.name()).thenComparing(Charge::key);

    /**
     * Checks the cost.
     *
     * @throws IllegalArgumentException if the cost is negative, or a lease is named where there is none
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
     * A charge with a lease of its own, where the limit is leased.
     *
     * @param limit the limit as it is configured now
     * @param key whose bucket; {@link #SHARED} for the one bucket of a limit that has no keys
     * @param cost thousandths of a token, zero or more
     * @throws IllegalArgumentException if the cost is negative
     */
    public Charge(Limit limit, String key, long cost) {
        this(limit, key, cost, limit.isLeased() ? ThreadLocalRandom.current().nextLong(1, Tokens.MOST_THOUSANDTHS) : 0);
    }

    /** {@return this charge with another cost: part of it, or more} */
    Charge withCost(long other) {
        return new Charge(limit, key, other, lease);
    }

    /** {@return whether the call holds something by this charge, or queues for it; free ones hold nothing} */
    public boolean isLeased() {
        return lease != 0 && cost > 0;
    }

    /** {@return the arithmetic of each rate of the limit, as the holder of the lease sees it} */
    public List<RateAlgorithm> algorithms() {
        return algorithms(limit);
    }

    /**
     * Returns the algorithm of each rate of another configuration of the limit, for the lease of this charge. Stores use it for
     * buckets that were last charged under that configuration.
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
     * Whether one of the charges is held, or queued for. A call with such a charge reserves nothing: it queues for its leases,
     * and then decides all its charges at once.
     *
     * @param charges the charges of a call
     * @return true if the limit of one is leased
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
     * The same charges in the order of their limits' names and keys, each bucket once, with the sum of its costs, each
     * lease a new one, and each limit in one configuration, if it was replaced meanwhile: what {@link RateLimitStore#decide(List, java.time.Duration)} wants.
     *
     * @param charges any
     * @return a list of at most as many charges
     */
    public static List<Charge> merged(Collection<Charge> charges) {
        if (charges.size() == 1) {
            Charge only = charges.iterator().next();
            return List.of(only.lease == 0 ? only : new Charge(only.limit, only.key, only.cost));
        }
        List<Charge> merged = new ArrayList<>(charges.size());
        for (Charge charge : charges.stream().sorted(ORDER).toList()) {
            int last = merged.size() - 1;
            boolean sameLimit = last >= 0 && merged.get(last).limit.name().equals(charge.limit.name());
            Limit limit = sameLimit ? merged.get(last).limit : charge.limit;
            if (sameLimit && merged.get(last).key.equals(charge.key)) {
                long sum = Math.min(merged.get(last).cost + charge.cost, Tokens.MOST_THOUSANDTHS);
                merged.set(last, merged.get(last).withCost(sum));
            } else {
                merged.add(new Charge(limit, charge.key, charge.cost));
            }
        }
        return List.copyOf(merged);
    }
}
