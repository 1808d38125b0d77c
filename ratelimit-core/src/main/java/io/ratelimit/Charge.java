package io.ratelimit;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/**
 * What one call takes from one bucket: so many thousandths of a token, from one key of one limit.
 *
 * <p>A cost of zero takes nothing and is always admitted: it reads the level.
 *
 * @param limit the limit as it is configured now
 * @param key whose bucket; {@link #SHARED} for the one bucket of a limit that has no keys
 * @param cost thousandths of a token, zero or more; more than {@link Tokens#MOST_THOUSANDTHS} counts as this much
 */
public record Charge(Limit limit, String key, long cost) {

    /** The key of the one bucket of a limit that has no keys. No key that a user gives is empty, so none collides. */
    public static final String SHARED = "";

    private static final Comparator<Charge> ORDER =
            Comparator.comparing((Charge charge) -> charge.limit.name()).thenComparing(Charge::key);

    /**
     * Checks the cost.
     *
     * @throws IllegalArgumentException if the cost is negative
     */
    public Charge {
        if (cost < 0) {
            throw new IllegalArgumentException(
                    "Invalid cost " + Tokens.text(cost) + ": negative; use zero (free) or a positive number");
        }
        cost = Math.min(cost, Tokens.MOST_THOUSANDTHS);
    }

    /**
     * The same charges in the order of their limits' names and keys, each bucket once, with the sum of its costs, and
     * each limit in one configuration, if it was replaced meanwhile: what {@link RateLimitStore#decide(List, java.time.Duration)} wants.
     *
     * @param charges one or more
     * @return a list of at most as many charges
     */
    public static List<Charge> merged(Collection<Charge> charges) {
        if (charges.size() == 1) {
            return List.copyOf(charges);
        }
        List<Charge> merged = new ArrayList<>(charges.size());
        for (Charge charge : charges.stream().sorted(ORDER).toList()) {
            int last = merged.size() - 1;
            boolean sameLimit = last >= 0 && merged.get(last).limit.name().equals(charge.limit.name());
            Limit limit = sameLimit ? merged.get(last).limit : charge.limit;
            if (sameLimit && merged.get(last).key.equals(charge.key)) {
                long sum = Math.min(merged.get(last).cost + charge.cost, Tokens.MOST_THOUSANDTHS);
                merged.set(last, new Charge(limit, charge.key, sum));
            } else {
                merged.add(new Charge(limit, charge.key, charge.cost));
            }
        }
        return List.copyOf(merged);
    }
}
