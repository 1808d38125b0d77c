package io.ratelimit.remote;

import io.ratelimit.Charge;
import io.ratelimit.Limit;
import java.util.List;

/**
 * Converts charges to this node's share of their limits, which its memory grants while a remote store is unavailable.
 */
final class LocalCharges {

    private LocalCharges() {}

    /** Returns the same charges of the local share of each limit. */
    static List<Charge> scaled(List<Charge> charges) {
        return charges.stream().map(LocalCharges::scaled).toList();
    }

    /**
     * Returns the charges that are above the capacity of the local share, but not above the capacity of the whole
     * limit.
     */
    static List<Charge> aboveShare(List<Charge> charges) {
        return charges.stream()
                .filter(charge -> charge.cost() > charge.limit().local().capacity()
                        && charge.cost() <= charge.limit().capacity())
                .toList();
    }

    private static Charge scaled(Charge charge) {
        Limit local = charge.limit().local();
        return local == charge.limit() ? charge : new Charge(local, charge.key(), charge.cost(), charge.lease());
    }
}
