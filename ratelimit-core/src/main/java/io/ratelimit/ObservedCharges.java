package io.ratelimit;

import io.ratelimit.algorithm.Observations;
import io.ratelimit.algorithm.RateAlgorithm;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The charges of a decision and what was observed of their rates, from which all figures of the decision are computed.
 *
 * <p>Most decisions are on one charge, or one rate, or both. Their parts are in fields of this object, so that a
 * decision is a single object. Lists and {@link Observations} are created when they are requested.
 */
class ObservedCharges {

    /** The charges, also a single one that has a lease; null for one without, which is in the three fields below. */
    private final @Nullable List<Charge> charges;

    private final @Nullable Limit limit;
    private final String key;
    /** The cost of the one charge; with a list of charges, the nanoseconds that they were queued. */
    private final long costOrQueuedNanos;

    /** The observations; null for one rate, whose numbers are in the four fields below. */
    private final @Nullable Observations observations;

    private final long instant;
    private final long first;
    private final long second;
    private final long third;

    ObservedCharges(List<Charge> charges, Observations observations, long queuedNanos) {
        this.charges = charges;
        this.limit = null;
        this.key = Charge.SHARED;
        this.costOrQueuedNanos = queuedNanos;
        this.observations = observations;
        this.instant = 0;
        this.first = 0;
        this.second = 0;
        this.third = 0;
    }

    /** Creates an object of one charge. */
    ObservedCharges(Charge only, Observations observations) {
        boolean leased = only.lease() != 0;
        boolean single = observations.rates() == 1;
        this.charges = leased ? List.of(only) : null;
        this.limit = leased ? null : only.limit();
        this.key = only.key();
        this.costOrQueuedNanos = leased ? 0 : only.cost();
        this.observations = single ? null : observations;
        this.instant = single ? observations.instant(0) : 0;
        this.first = single ? observations.get(0, 1) : 0;
        this.second = single ? observations.get(0, 2) : 0;
        this.third = single ? observations.get(0, 3) : 0;
    }

    /** Creates an object of one charge of a limit with one smooth rate. */
    ObservedCharges(Charge only, long instant, long level) {
        this.charges = null;
        this.limit = only.limit();
        this.key = only.key();
        this.costOrQueuedNanos = only.cost();
        this.observations = null;
        this.instant = instant;
        this.first = level;
        this.second = 0;
        this.third = 0;
    }

    final List<Charge> list() {
        return charges != null ? charges : List.of(new Charge(Objects.requireNonNull(limit), key, costOrQueuedNanos));
    }

    final Observations observed() {
        return observations != null ? observations : Observations.of(instant, first, second, third);
    }

    final long queuedNanos() {
        return charges == null ? 0 : costOrQueuedNanos;
    }

    /** Returns whether one of the charges would not be admitted alone after at most the given wait. */
    final boolean rejects(int index, Duration maxWait) {
        Observations seen = observed();
        boolean queues = charges != null && Charge.anyLeased(charges);
        Duration reservation = queues ? Duration.ZERO : maxWait;
        int rate = firstRate(index);
        for (RateAlgorithm algorithm : limit(index).algorithms()) {
            if (rate < seen.rates()
                    && algorithm.ticksUntilAdmitted(seen, rate, cost(index)) > algorithm.waitWithin(reservation)) {
                return true;
            }
            rate++;
        }
        return false;
    }

    /** Returns whether one of the leased charges would not be admitted alone. */
    final boolean rejectsLease(Duration maxWait) {
        for (int i = 0; charges != null && i < charges.size(); i++) {
            if (isObservedLease(i) && rejects(i, maxWait)) {
                return true;
            }
        }
        return false;
    }

    /** Returns the leased charges for which a bucket was read. */
    final List<Charge> observedLeases() {
        if (charges != null && charges.size() == 1 && isObservedLease(0)) {
            return charges;
        }
        List<Charge> leases = new ArrayList<>();
        for (int i = 0; charges != null && i < charges.size(); i++) {
            if (isObservedLease(i)) {
                leases.add(charges.get(i));
            }
        }
        return leases;
    }

    final boolean hasObservedLease() {
        for (int i = 0; charges != null && i < charges.size(); i++) {
            if (isObservedLease(i)) {
                return true;
            }
        }
        return false;
    }

    private boolean isObservedLease(int index) {
        return charges != null && charges.get(index).isLeased() && firstRate(index) < observedRates();
    }

    /** Returns a hash code of the leases; 0 if there are none. */
    final int hashOfLeases() {
        int hash = 0;
        for (int i = 0; charges != null && i < charges.size(); i++) {
            hash += Long.hashCode(charges.get(i).lease());
        }
        return hash;
    }

    /** Returns the instant of each rate of a charge, for a grant after a wait. */
    final long[] grantTicks(Charge charge, long waitNanos) {
        int index = index(charge);
        Observations seen = observed();
        List<RateAlgorithm> algorithms = limit(index).algorithms();
        long[] grants = new long[algorithms.size()];
        int firstRate = firstRate(index);
        for (int i = 0; i < grants.length; i++) {
            grants[i] = seen.instant(firstRate + i) + algorithms.get(i).ticks(waitNanos);
        }
        return grants;
    }

    /** Returns the index of the charge of the same limit and key; fails if there is none. */
    final int index(Charge charge) {
        for (int i = 0; i < size(); i++) {
            String name = limit(i).name();
            if (name.equals(charge.limit().name()) && key(i).equals(charge.key())) {
                return i;
            }
        }
        throw new IllegalArgumentException("No charge of limit \""
                + charge.limit().name() + "\" with this key is in the decision; pass one of Decision.charges()");
    }

    final List<RateStatus> statuses(boolean admitted, long waitNanos) {
        Observations seen = observed();
        RateStatus[] statuses = new RateStatus[seen.rates()];
        int rate = 0;
        for (int i = 0; i < size(); i++) {
            int rates = limit(i).algorithms().size();
            for (int ofLimit = 0; ofLimit < rates && rate < statuses.length; ofLimit++, rate++) {
                ObservedRate observed = new ObservedRate(limit(i), cost(i), ofLimit, seen, rate);
                statuses[rate] = admitted ? observed.admitted(waitNanos) : observed.rejected();
            }
        }
        return List.of(statuses);
    }

    /** Returns the thousandths that are left in the tightest bucket; 0 if no bucket was read. */
    final long remaining(boolean admitted) {
        Observations seen = observed();
        long least = seen.rates() == 0 ? 0 : Long.MAX_VALUE;
        int rate = 0;
        for (int i = 0; i < size(); i++) {
            long consumed = admitted ? cost(i) : 0;
            List<RateAlgorithm> rates = limit(i).algorithms();
            for (int ofLimit = 0; ofLimit < rates.size() && rate < seen.rates(); ofLimit++, rate++) {
                least = Math.min(least, rates.get(ofLimit).remaining(seen, rate, consumed));
            }
        }
        return least;
    }

    /** Returns the rate that has the longest wait; null if there is nothing to wait for. */
    final @Nullable ObservedRate longestWait() {
        Observations seen = observed();
        ObservedRate longest = null;
        long longestMicros = 0;
        int rate = 0;
        for (int i = 0; i < size(); i++) {
            int rates = limit(i).algorithms().size();
            for (int ofLimit = 0; ofLimit < rates && rate < seen.rates(); ofLimit++, rate++) {
                ObservedRate observed = new ObservedRate(limit(i), cost(i), ofLimit, seen, rate);
                long micros = observed.microsUntilAdmitted();
                if (micros > longestMicros) {
                    longestMicros = micros;
                    longest = observed;
                }
            }
        }
        return longest;
    }

    /** Returns the time until the last charge fits, all of which fit some time. */
    final long waitNanos() {
        Observations seen = observed();
        long wait = 0;
        int rate = 0;
        for (int i = 0; i < size(); i++) {
            List<RateAlgorithm> rates = limit(i).algorithms();
            for (int ofLimit = 0; ofLimit < rates.size() && rate < seen.rates(); ofLimit++, rate++) {
                RateAlgorithm algorithm = rates.get(ofLimit);
                long ticks = algorithm.ticksUntilAdmitted(seen, rate, cost(i));
                wait = Math.max(wait, ticks * algorithm.tickNanos());
            }
        }
        return wait;
    }

    final int observedRates() {
        return observations == null ? 1 : observations.rates();
    }

    /** Returns the index of the first rate of a charge. */
    private int firstRate(int index) {
        int rate = 0;
        for (int i = 0; i < index; i++) {
            rate += limit(i).algorithms().size();
        }
        return rate;
    }

    private int size() {
        return charges == null ? 1 : charges.size();
    }

    private Limit limit(int index) {
        return charges == null
                ? Objects.requireNonNull(limit)
                : charges.get(index).limit();
    }

    private String key(int index) {
        return charges == null ? key : charges.get(index).key();
    }

    private long cost(int index) {
        return charges == null ? costOrQueuedNanos : charges.get(index).cost();
    }
}
