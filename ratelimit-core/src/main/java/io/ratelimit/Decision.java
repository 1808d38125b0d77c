package io.ratelimit;

import io.ratelimit.algorithm.Observations;
import io.ratelimit.algorithm.RateAlgorithm;
import io.ratelimit.algorithm.TokenBucket;
import io.ratelimit.algorithm.Tokens;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
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
public final class Decision extends ObservedCharges {

    private static final DecisionSource[] SOURCES = DecisionSource.values();
    private static final byte LOCAL = (byte) DecisionSource.LOCAL.ordinal();
    private static final byte STORE = (byte) DecisionSource.STORE.ordinal();
    private static final VarHandle SETTLED;

    static {
        try {
            SETTLED = MethodHandles.lookup().findVarHandle(Decision.class, "settled", boolean.class);
        } catch (ReflectiveOperationException ex) {
            throw new ExceptionInInitializerError(ex);
        }
    }

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
        super(charges, observations, queuedNanos);
        this.maxWait = maxWait;
        this.admitted = admitted;
        this.source = (byte) source.ordinal();
    }

    private Decision(Charge only, Duration maxWait, boolean admitted, Observations observations) {
        super(only, observations);
        this.maxWait = maxWait;
        this.admitted = admitted;
        this.source = STORE;
    }

    private Decision(Charge only, Duration maxWait, boolean admitted, long instant, long level) {
        super(only, instant, level);
        this.maxWait = maxWait;
        this.admitted = admitted;
        this.source = STORE;
    }

    /**
     * Creates the decision of a store on one charge of a limit with a single smooth token-bucket rate, like
     * {@link #of(Charge, Duration, boolean, Observations)} with what {@link TokenBucket#observeLevel} writes.
     *
     * @param only the charge, without a lease
     * @param maxWait the longest wait that was requested
     * @param admitted whether the charge was consumed
     * @param instant the time of the store's clock, in ticks of the rate
     * @param level the level of the bucket before the charge, in units of the rate
     * @return the decision, from {@link DecisionSource#STORE}
     */
    public static Decision ofLevel(Charge only, Duration maxWait, boolean admitted, long instant, long level) {
        return new Decision(only, maxWait, admitted, instant, level);
    }

    /**
     * Creates the decision of a store on one charge.
     *
     * @param only the charge
     * @param maxWait the longest wait that was requested
     * @param admitted whether the charge was consumed
     * @param observations for each rate of the charge, in order, what {@link RateAlgorithm#observe} reported before
     *     anything was consumed
     * @return the decision, from {@link DecisionSource#STORE}
     * @throws IllegalArgumentException if the observations are not of as many rates as the charge has
     */
    public static Decision of(Charge only, Duration maxWait, boolean admitted, Observations observations) {
        requireRates(only.limit().algorithms().size(), observations);
        return new Decision(only, maxWait, admitted, observations);
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
        requireRates(rates, observations);
        return new Decision(charges, maxWait, admitted, observations, DecisionSource.STORE, 0);
    }

    private static void requireRates(int rates, Observations observations) {
        if (observations.rates() != rates) {
            throw new IllegalArgumentException("Observations of " + observations.rates() + " rates for " + rates
                    + " rates of the charges; a store observes every rate");
        }
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
        return list();
    }

    /**
     * Returns what the store observed of each rate of each charge, in order, for stores that derive later decisions
     * from it.
     *
     * @return the observations; of no rate if no bucket was read
     */
    public Observations observations() {
        return observed();
    }

    /**
     * Returns whether one of the charges would have been admitted alone.
     *
     * @param index of the charge in {@link #charges()}
     * @return true for every charge of an admitted call
     */
    public boolean admits(int index) {
        return admitted || observedRates() > 0 && !rejects(index, maxWait);
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
        long nanos = nanosUntilGrant();
        return nanos == 0 ? Duration.ZERO : Duration.ofNanos(nanos);
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
        return !admitted && !maxWait.isZero() && rejectsLease(maxWait) && !isPermanent();
    }

    /** Returns whether the call is admitted, but has to wait first. */
    boolean isReserved() {
        return nanosUntilGrant() > 0;
    }

    private long nanosUntilGrant() {
        return admitted && !maxWait.isZero() ? TimeUnit.MICROSECONDS.toNanos(microsUntilAdmitted()) : 0;
    }

    /** {@return the leased charges for which a bucket was read; they are held if the call was admitted, else queued} */
    public List<Charge> leases() {
        return observedLeases();
    }

    /** {@return whether the call holds leases in a store} */
    public boolean isLeased() {
        return hasObservedLease() && admitted && (source == STORE || source == LOCAL);
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
        return grantTicks(charge, nanosUntilGrant());
    }

    /** Returns the charge that was consumed from the bucket of another one. */
    Charge taken(Charge charge) {
        if (!admitted) {
            throw new IllegalArgumentException(
                    "The decision was not admitted and consumed nothing; settle admitted decisions only");
        }
        return charges().get(index(charge));
    }

    /** Marks the charges as settled; returns true for the first caller only. */
    boolean settle() {
        return SETTLED.compareAndSet(this, false, true);
    }

    /** {@return the status of each rate of each charge, in order; none if no bucket was read} */
    public List<RateStatus> statuses() {
        return statuses(admitted, nanosUntilGrant());
    }

    /** {@return the rate that rejected the call; of several the one with the longest wait. Empty if none did} */
    public Optional<RateStatus> rejectedBy() {
        ObservedRate rejection = admitted ? null : longestWait();
        return rejection == null ? Optional.empty() : Optional.of(rejection.rejected());
    }

    /** {@return tokens left in the tightest bucket, rounded down to a thousandth; 0 if no bucket was read} */
    public double remaining() {
        return Tokens.decimal(remaining(admitted));
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
        long micros = microsUntilAdmitted();
        return micros == 0 || micros == RateAlgorithm.NEVER
                ? Optional.empty()
                : Optional.of(ObservedRate.ofMicros(micros));
    }

    /** {@return whether the cost is above the capacity of a rate, so that the call can never be admitted} */
    public boolean isPermanent() {
        return !admitted && microsUntilAdmitted() == RateAlgorithm.NEVER;
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

    /** Returns whether the other object is this decision, as no two calls share one. */
    @Override
    public boolean equals(@Nullable Object other) {
        return this == other;
    }

    /** Returns a hash code of the leases, if there are any: that of the object would take longer than a decision. */
    @Override
    public int hashCode() {
        int ofLeases = hashOfLeases();
        return ofLeases != 0 ? ofLeases : super.hashCode();
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
}
