package io.ratelimit;

import java.util.List;

/** Converts charges to this node's share of their limits, which its memory grants while a remote store is unavailable. */
final class LocalCharges {

    private LocalCharges() {}

    /** Returns the charges under this node's share of each limit. */
    static List<Charge> of(List<Charge> charges) {
        return charges.stream().map(LocalCharges::charge).toList();
    }

    /** Returns the charges that the whole limit can admit and this node's share of it never can. */
    static List<Charge> beyond(List<Charge> charges) {
        return charges.stream()
                .filter(charge -> charge.cost() > charge.limit().local().capacity()
                        && charge.cost() <= charge.limit().capacity())
                .toList();
    }

    private static Charge charge(Charge charge) {
        Limit local = charge.limit().local();
        return local == charge.limit() ? charge : new Charge(local, charge.key(), charge.cost(), charge.lease());
    }
}
