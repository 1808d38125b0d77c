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
 * <p>Most decisions are on one charge and one rate. Their parts are in fields of this object, so that a decision is a
 * single object. Lists and {@link Observations} are created when they are requested.
 */
class ObservedCharges {

    /** The parts that are not in the other fields; null for one charge without a lease, of a limit with one rate. */
    private final @Nullable OtherParts others;

    private final @Nullable Limit limit;
    private final String key;
    private final long cost;
    private final long instant;
    private final long first;
    private final long second;
    private final long third;

    ObservedCharges(List<Charge> charges, Observations observations, long queuedNanos) {
        this.others = new OtherParts(charges, observations, queuedNanos);
        this.limit = null;
        this.key = Charge.SHARED;
        this.cost = 0;
        this.instant = 0;
        this.first = 0;
        this.second = 0;
        this.third = 0;
    }

    /** Creates an object of one charge. */
    ObservedCharges(Charge only, Observations observations) {
        boolean leased = only.lease() != 0;
        boolean single = observations.rates() == 1;
        this.others = leased || !single
                ? new OtherParts(leased ? List.of(only) : null, single ? null : observations, 0)
                : null;
        this.limit = only.limit();
        this.key = only.key();
        this.cost = only.cost();
        this.instant = single ? observations.instant(0) : 0;
        this.first = single ? observations.get(0, 1) : 0;
        this.second = single ? observations.get(0, 2) : 0;
        this.third = single ? observations.get(0, 3) : 0;
    }

    /** Creates an object of one charge without a lease, of a limit with one smooth rate. */
    ObservedCharges(Charge only, long instant, long level) {
        this.others = null;
        this.limit = only.limit();
        this.key = only.key();
        this.cost = only.cost();
        this.instant = instant;
        this.first = level;
        this.second = 0;
        this.third = 0;
    }

    final List<Charge> list() {
        List<Charge> charges = charges();
        return charges != null ? charges : List.of(new Charge(Objects.requireNonNull(limit), key, cost));
    }

    final Observations observed() {
        return others != null && others.observations != null
                ? others.observations
                : Observations.of(instant, first, second, third);
    }

    final long queuedNanos() {
        return others == null ? 0 : others.queuedNanos;
    }

    private @Nullable List<Charge> charges() {
        return others == null ? null : others.charges;
    }

    /** Returns whether one of the charges would not be admitted alone after at most the given wait. */
    final boolean rejects(int index, Duration maxWait) {
        Observations seen = observed();
        List<Charge> charges = charges();
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
        List<Charge> charges = charges();
        for (int i = 0; charges != null && i < charges.size(); i++) {
            if (isObservedLease(charges, i) && rejects(i, maxWait)) {
                return true;
            }
        }
        return false;
    }

    /** Returns the leased charges for which a bucket was read. */
    final List<Charge> observedLeases() {
        List<Charge> charges = charges();
        if (charges != null && charges.size() == 1 && isObservedLease(charges, 0)) {
            return charges;
        }
        List<Charge> leases = new ArrayList<>();
        for (int i = 0; charges != null && i < charges.size(); i++) {
            if (isObservedLease(charges, i)) {
                leases.add(charges.get(i));
            }
        }
        return leases;
    }

    final boolean hasObservedLease() {
        List<Charge> charges = charges();
        for (int i = 0; charges != null && i < charges.size(); i++) {
            if (isObservedLease(charges, i)) {
                return true;
            }
        }
        return false;
    }

    private boolean isObservedLease(List<Charge> charges, int index) {
        return charges.get(index).isLeased() && firstRate(index) < observedRates();
    }

    /** Returns a hash code of the leases; 0 if there are none. */
    final int hashOfLeases() {
        List<Charge> charges = charges();
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

    /** Returns the microseconds until the last charge fits; {@link RateAlgorithm#NEVER} if one is above a capacity. */
    final long microsUntilAdmitted() {
        Observations seen = observed();
        long longest = 0;
        int rate = 0;
        for (int i = 0; i < size(); i++) {
            List<RateAlgorithm> rates = limit(i).algorithms();
            for (int ofLimit = 0; ofLimit < rates.size() && rate < seen.rates(); ofLimit++, rate++) {
                long micros = ObservedRate.microsUntilAdmitted(rates.get(ofLimit), seen, rate, cost(i));
                longest = Math.max(longest, micros);
            }
        }
        return longest;
    }

    final int observedRates() {
        return others == null || others.observations == null ? 1 : others.observations.rates();
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
        List<Charge> charges = charges();
        return charges == null ? 1 : charges.size();
    }

    private Limit limit(int index) {
        List<Charge> charges = charges();
        return charges == null
                ? Objects.requireNonNull(limit)
                : charges.get(index).limit();
    }

    private String key(int index) {
        List<Charge> charges = charges();
        return charges == null ? key : charges.get(index).key();
    }

    private long cost(int index) {
        List<Charge> charges = charges();
        return charges == null ? cost : charges.get(index).cost();
    }

    /**
     * The parts of decisions that are not on one charge without a lease and one rate.
     *
     * @param charges the charges; null for one charge without a lease
     * @param observations the observations; null for one rate
     * @param queuedNanos the time for which the call was queued for its leases
     */
    private record OtherParts(
            @Nullable List<Charge> charges, @Nullable Observations observations, long queuedNanos) {}
}
