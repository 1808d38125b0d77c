package io.ratelimit;

import io.ratelimit.algorithm.Observations;
import io.ratelimit.algorithm.RateAlgorithm;
import io.ratelimit.algorithm.TokenBucket;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The answer to one call: whether it was admitted, and the state of every rate that was read.
 *
 * <pre>{@code
 * Decision decision = limiter.tryAcquire("user-42");
 * if (!decision.admitted()) {
 *     log.info("come back in {}", decision.retryAfter());
 * }
 * }</pre>
 *
 * <p>Immutable. All figures are as of the instant of the decision, and are computed here in the same way for every
 * store.
 */
public final class Decision {

    private static final DecisionSource[] SOURCES = DecisionSource.values();
    private static final VarHandle SETTLED;

    static {
        try {
            SETTLED = MethodHandles.lookup().findVarHandle(Decision.class, "settled", boolean.class);
        } catch (ReflectiveOperationException ex) {
            throw new ExceptionInInitializerError(ex);
        }
    }

    // A decision of the memory store on one charge of smooth rates keeps only levels, and creates charges and
    // observations when they are requested. The fields are chosen so that a decision takes 64 bytes.

    /** The charges and what was observed of their rates; null for one charge of smooth rates. */
    private final @Nullable List<Charge> charges;

    private final @Nullable Observations observations;

    /** The one charge of smooth rates, with the level of its only rate or the levels of all. */
    private final @Nullable Limit limit;

    private final String key;
    private final long cost;
    private final long level;
    private final long @Nullable [] levels;

    /** The store's instant of a decision on smooth rates; for others the time that the call was queued. */
    private final long nanos;

    private final Duration maxWait;
    private final boolean admitted;
    private final byte source;
    private volatile boolean settled;

    private Decision(
            List<Charge> charges,
            Duration maxWait,
            boolean admitted,
            Observations observations,
            DecisionSource source,
            long queuedNanos) {
        this.charges = charges;
        this.observations = observations;
        this.limit = null;
        this.key = Charge.SHARED;
        this.cost = 0;
        this.level = 0;
        this.levels = null;
        this.nanos = queuedNanos;
        this.maxWait = maxWait;
        this.admitted = admitted;
        this.source = (byte) source.ordinal();
    }

    private Decision(
            Charge only, Duration maxWait, boolean admitted, long level, long @Nullable [] levels, long nanos) {
        this.charges = null;
        this.observations = null;
        this.limit = only.limit();
        this.key = only.key();
        this.cost = only.cost();
        this.level = level;
        this.levels = levels;
        this.nanos = nanos;
        this.maxWait = maxWait;
        this.admitted = admitted;
        this.source = (byte) DecisionSource.STORE.ordinal();
    }

    /**
     * Creates the decision of a store on one charge of a limit with a single smooth token-bucket rate. It is equivalent
     * to {@link #of} and allocates less: {@link Observations} are created only when they are requested.
     *
     * @param only the charge, without a lease
     * @param maxWait the longest wait that was requested
     * @param admitted whether the charge was consumed
     * @param level the level of the bucket before the charge, in units of the rate
     * @param nanos the time of the store's clock
     * @return the decision, from {@link DecisionSource#STORE}
     */
    public static Decision ofLevel(Charge only, Duration maxWait, boolean admitted, long level, long nanos) {
        return new Decision(only, maxWait, admitted, level, null, nanos);
    }

    /**
     * Creates the decision of a store on one charge of a limit with several smooth token-bucket rates, like
     * {@link #ofLevel}.
     *
     * @param only the charge, without a lease
     * @param maxWait the longest wait that was requested
     * @param admitted whether the charge was consumed
     * @param levels the level of each rate before the charge, in its units; not copied
     * @param nanos the time of the store's clock
     * @return the decision, from {@link DecisionSource#STORE}
     */
    public static Decision ofLevels(Charge only, Duration maxWait, boolean admitted, long[] levels, long nanos) {
        return new Decision(only, maxWait, admitted, 0, levels, nanos);
    }

    /**
     * Creates the decision of a store.
     *
     * @param charges the charges that were decided
     * @param maxWait the longest wait that was requested
     * @param admitted whether all of them were consumed
     * @param observations for each rate of each charge, in order, what {@link RateAlgorithm#observe} reported before
     *     anything was consumed
     * @return the decision, from {@link DecisionSource#STORE}
     * @throws IllegalArgumentException if the observations are not of as many rates as the charges have
     */
    public static Decision of(List<Charge> charges, Duration maxWait, boolean admitted, Observations observations) {
        int rates = 0;
        for (Charge charge : charges) {
            rates += charge.limit().algorithms().size();
        }
        if (observations.rates() != rates) {
            throw new IllegalArgumentException("Observations of " + observations.rates() + " rates for " + rates
                    + " rates of the charges; a store observes every rate");
        }
        return new Decision(charges, maxWait, admitted, observations, DecisionSource.STORE, 0);
    }

    /**
     * Creates a decision for which no bucket was read.
     *
     * @param charges the charges that it answers
     * @param admitted the answer
     * @param source what answered instead of the store
     * @return a decision without statuses
     */
    public static Decision withoutStore(List<Charge> charges, boolean admitted, DecisionSource source) {
        return new Decision(charges, Duration.ZERO, admitted, Observations.none(), source, 0);
    }

    /**
     * Returns this decision for a call that has further charges, for stores that decide only some of a call's charges
     * here.
     *
     * @param all the charges of this decision, in order, and then those for which no bucket was read
     * @param other the source of the answer
     * @return a decision with the same result and the same state of each rate
     */
    public Decision forCharges(List<Charge> all, DecisionSource other) {
        return new Decision(all, maxWait, admitted, observations(), other, queuedNanos());
    }

    /** Returns this decision for a call that waited in a queue before it. */
    Decision after(Duration inQueue) {
        return new Decision(charges(), maxWait, admitted, observations(), source(), inQueue.toNanos());
    }

    /** Returns this decision as a rejection, for a caller that woke up too long after the instant of its grant. */
    Decision rejected() {
        return new Decision(charges(), maxWait, false, observations(), source(), queuedNanos());
    }

    /**
     * {@return whether the call may proceed, at once or after {@link #waitTime()}; its cost is then consumed from every
     * bucket}
     */
    public boolean admitted() {
        return admitted;
    }

    /** {@return what made the decision} */
    public DecisionSource source() {
        return SOURCES[source];
    }

    /** {@return the charges that were decided, each bucket once} */
    public List<Charge> charges() {
        return charges != null ? charges : List.of(new Charge(Objects.requireNonNull(limit), key, cost));
    }

    /**
     * Returns what the store observed of each rate of each charge, in order, for stores that derive later decisions
     * from it.
     *
     * @return the observations; of no rate if no bucket was read
     */
    public Observations observations() {
        if (observations != null) {
            return observations;
        }
        List<RateAlgorithm> rates = Objects.requireNonNull(limit).algorithms();
        Observations made = Observations.ofRates(rates.size());
        for (int i = 0; i < rates.size(); i++) {
            TokenBucket bucket = Objects.requireNonNull(rates.get(i).asSmoothTokenBucket());
            bucket.observeLevel(bucket.ticks(nanos), levels == null ? level : levels[i], made, i);
        }
        return made;
    }

    private long queuedNanos() {
        return charges == null ? 0 : nanos;
    }

    /**
     * Returns whether one of the charges would have been admitted alone.
     *
     * @param index of the charge in {@link #charges()}
     * @return true for every charge of an admitted call
     */
    public boolean admits(int index) {
        Observations seen = observations();
        if (admitted || seen.rates() == 0) {
            return admitted;
        }
        List<Charge> all = charges();
        Charge charge = all.get(index);
        Duration longest = maxReservation(all, maxWait);
        int rate = firstRate(all, index);
        for (RateAlgorithm algorithm : charge.limit().algorithms()) {
            if (rate < seen.rates()
                    && algorithm.ticksUntilAdmitted(seen, rate, charge.cost()) > algorithm.waitWithin(longest)) {
                return false;
            }
            rate++;
        }
        return true;
    }

    /** {@return the longest wait that was requested; zero for none} */
    public Duration maxWait() {
        return maxWait;
    }

    /**
     * Returns how long after the decision an admitted call may begin.
     *
     * @return zero unless the call was given a reservation; then the time until the last of its charges fits
     */
    public Duration waitTime() {
        return admitted ? Duration.ofNanos(waitNanos(charges(), observations())) : Duration.ZERO;
    }

    /**
     * Returns how long an admitted call waits in all: in a queue for its leases, and then until its grant.
     *
     * @return zero if it may begin at once
     */
    public Duration waited() {
        return admitted ? waitTime().plusNanos(queuedNanos()) : Duration.ZERO;
    }

    /**
     * Returns the longest reservation that a call may get: none if it queues for a lease.
     *
     * @param charges the charges of the call
     * @param maxWait the longest wait that was requested
     * @return the wait, or zero
     */
    public static Duration maxReservation(List<Charge> charges, Duration maxWait) {
        return maxWait.isZero() || Charge.anyLeased(charges) ? Duration.ZERO : maxWait;
    }

    /**
     * Returns whether the call was rejected because a lease was not free, and is now queued for it.
     *
     * @return true if the call would wait, one of its leases is not free, and none of its charges is above a capacity
     */
    public boolean isQueued() {
        return !admitted && !maxWait.isZero() && isShortOfLeases() && !isPermanent();
    }

    private boolean isShortOfLeases() {
        if (charges == null || observations().rates() == 0) {
            return false;
        }
        for (int i = 0; i < charges.size(); i++) {
            if (charges.get(i).isLeased() && !admits(i)) {
                return true;
            }
        }
        return false;
    }

    /** {@return the leased charges for which a bucket was read; they are held if the call was admitted, else queued} */
    public List<Charge> leases() {
        List<Charge> leases = new ArrayList<>();
        int observed = observations().rates();
        int rate = 0;
        for (Charge charge : charges()) {
            if (charge.isLeased() && rate < observed) {
                leases.add(charge);
            }
            rate += charge.limit().algorithms().size();
        }
        return leases;
    }

    /** {@return whether the call holds leases in a store} */
    public boolean isLeased() {
        return admitted
                && charges != null
                && (source() == DecisionSource.STORE || source() == DecisionSource.LOCAL)
                && Charge.anyLeased(charges)
                && !leases().isEmpty();
    }

    /**
     * Returns the instants that an admitted charge was granted for, by the store's clock: a store needs them to refund
     * it.
     *
     * @param charge one of this decision's limits and keys, whatever its cost
     * @return the tick of each rate of its limit
     * @throws IllegalArgumentException if the charge is not of this decision
     */
    public long[] grantTicks(Charge charge) {
        List<Charge> all = charges();
        Observations seen = observations();
        int index = index(all, charge);
        List<RateAlgorithm> algorithms = all.get(index).limit().algorithms();
        long waitNanos = admitted ? waitNanos(all, seen) : 0;
        long[] grants = new long[algorithms.size()];
        int first = firstRate(all, index);
        for (int i = 0; i < grants.length; i++) {
            grants[i] = seen.instant(first + i) + algorithms.get(i).ticks(waitNanos);
        }
        return grants;
    }

    /** Returns the charge that was consumed from the bucket of another one. */
    Charge taken(Charge charge) {
        if (!admitted) {
            throw new IllegalArgumentException(
                    "The decision was not admitted and consumed nothing; settle admitted decisions only");
        }
        List<Charge> all = charges();
        return all.get(index(all, charge));
    }

    private static int index(List<Charge> all, Charge charge) {
        for (int i = 0; i < all.size(); i++) {
            if (all.get(i).limit().name().equals(charge.limit().name())
                    && all.get(i).key().equals(charge.key())) {
                return i;
            }
        }
        throw new IllegalArgumentException("No charge of limit \""
                + charge.limit().name() + "\" with this key is in the decision; pass one of Decision.charges()");
    }

    /** Marks the charges as settled; returns true for the first caller only. */
    boolean settle() {
        return SETTLED.compareAndSet(this, false, true);
    }

    /** {@return the status of each rate of each charge, in order; none if no bucket was read} */
    public List<RateStatus> statuses() {
        List<Charge> all = charges();
        Observations seen = observations();
        long waitNanos = admitted ? waitNanos(all, seen) : 0;
        List<RateStatus> statuses = new ArrayList<>(seen.rates());
        for (Charge charge : all) {
            int rates = charge.limit().algorithms().size();
            for (int i = 0; i < rates && statuses.size() < seen.rates(); i++) {
                ObservedRate observed = new ObservedRate(charge, i, seen, statuses.size());
                statuses.add(admitted ? observed.admitted(waitNanos) : observed.rejected());
            }
        }
        return statuses;
    }

    /** {@return the rate that rejected the call; of several the one with the longest wait. Empty if none did} */
    public Optional<RateStatus> rejectedBy() {
        ObservedRate rejection = rejection();
        return rejection == null ? Optional.empty() : Optional.of(rejection.rejected());
    }

    /** {@return tokens left in the tightest bucket, rounded down to a thousandth; 0 if no bucket was read} */
    public double remaining() {
        return statuses().stream().mapToDouble(RateStatus::remaining).min().orElse(0);
    }

    /**
     * Returns when the same call would be admitted, if nobody else called.
     *
     * @return zero if it was admitted; empty if no such instant is known: the cost is above a capacity (see
     *     {@link #isPermanent()}), or no bucket was read
     */
    public Optional<Duration> retryAfter() {
        if (admitted) {
            return Optional.of(Duration.ZERO);
        }
        ObservedRate rejection = rejection();
        return rejection == null ? Optional.empty() : rejection.retryAfter();
    }

    /** {@return whether the cost is above the capacity of a rate, so that the call can never be admitted} */
    public boolean isPermanent() {
        ObservedRate rejection = rejection();
        return rejection != null && rejection.isNeverAdmitted();
    }

    /** {@return when every bucket is full again, if nobody calls} */
    public Duration resetAfter() {
        return statuses().stream()
                .map(RateStatus::resetAfter)
                .max(Comparator.naturalOrder())
                .orElse(Duration.ZERO);
    }

    /**
     * Turns a rejection into an exception.
     *
     * @return this decision, if it was admitted
     * @throws RateLimitExceededException if it was not
     */
    public Decision orThrow() {
        if (!admitted) {
            throw new RateLimitExceededException(this);
        }
        return this;
    }

    /** Such as {@code rejected by search 10/s, remaining 0, retry after 0.1s}; no key. */
    @Override
    public String toString() {
        return admitted
                ? "admitted, remaining " + DecisionText.remaining(remaining())
                : rejectedBy()
                        .map(by -> "rejected by " + by.limit().name() + " " + by.text() + ", remaining "
                                + DecisionText.remaining(by.remaining())
                                + by.retryAfter()
                                        .map(wait -> ", retry after " + DecisionText.wait(wait))
                                        .orElse(", never"))
                        .orElse("rejected by policy");
    }

    /** Returns the rate that has the longest wait of those that rejected the call; null if none did. */
    private @Nullable ObservedRate rejection() {
        if (admitted) {
            return null;
        }
        Observations seen = observations();
        ObservedRate longest = null;
        long longestMicros = 0;
        int rate = 0;
        for (Charge charge : charges()) {
            int rates = charge.limit().algorithms().size();
            for (int i = 0; i < rates && rate < seen.rates(); i++, rate++) {
                ObservedRate observed = new ObservedRate(charge, i, seen, rate);
                long micros = observed.microsUntilAdmitted();
                if (micros > longestMicros) {
                    longestMicros = micros;
                    longest = observed;
                }
            }
        }
        return longest;
    }

    /** Returns the index of the first rate of a charge. */
    private static int firstRate(List<Charge> all, int index) {
        int first = 0;
        for (int i = 0; i < index; i++) {
            first += all.get(i).limit().algorithms().size();
        }
        return first;
    }

    /** Returns the time until the last charge of an admitted decision fits. */
    private static long waitNanos(List<Charge> all, Observations seen) {
        long wait = 0;
        int rate = 0;
        for (Charge charge : all) {
            for (RateAlgorithm algorithm : charge.limit().algorithms()) {
                if (rate < seen.rates()) {
                    long ticks = algorithm.ticksUntilAdmitted(seen, rate, charge.cost());
                    wait = Math.max(wait, ticks * algorithm.tickNanos());
                    rate++;
                }
            }
        }
        return wait;
    }
}
