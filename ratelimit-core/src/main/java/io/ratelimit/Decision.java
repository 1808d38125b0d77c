package io.ratelimit;

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
 * The answer to one call: admitted or not, and why.
 *
 * <pre>{@code
 * Decision decision = limiter.tryAcquire("user-42");
 * if (!decision.admitted()) {
 *     log.info("come back in {}", decision.retryAfter());
 * }
 * }</pre>
 *
 * <p>Immutable. All figures are as of the instant of the decision, computed here for every store.
 */
public final class Decision {

    private static final long[] NONE = {};
    private static final VarHandle SETTLED;

    static {
        try {
            SETTLED = MethodHandles.lookup().findVarHandle(Decision.class, "settled", boolean.class);
        } catch (ReflectiveOperationException ex) {
            throw new ExceptionInInitializerError(ex);
        }
    }

    /** What was decided; null where it was one charge of smooth rates, which the next fields say with no further object. */
    private final @Nullable DecidedCharges decided;

    private final @Nullable Limit limit;
    private final String key;
    private final long cost;
    /** The level of the only rate; of several, the levels of all. */
    private final long level;

    private final long @Nullable [] levels;
    private final long nanos;
    private final Duration maxWait;
    private final boolean admitted;
    private final DecisionSource source;
    private volatile boolean settled;

    private Decision(
            List<Charge> charges,
            Duration maxWait,
            boolean admitted,
            long[] observations,
            DecisionSource source,
            Duration queued) {
        this.decided = new DecidedCharges(charges, observations, queued);
        this.limit = null;
        this.key = Charge.SHARED;
        this.cost = 0;
        this.level = 0;
        this.levels = null;
        this.nanos = 0;
        this.maxWait = maxWait;
        this.admitted = admitted;
        this.source = source;
    }

    /** A store's decision on one charge of one smooth rate. */
    Decision(Charge only, Duration maxWait, boolean admitted, long level, long nanos) {
        this(only, maxWait, admitted, level, null, nanos);
    }

    /** A store's decision on one charge of several smooth rates. */
    Decision(Charge only, Duration maxWait, boolean admitted, long[] levels, long nanos) {
        this(only, maxWait, admitted, 0, levels, nanos);
    }

    private Decision(
            Charge only, Duration maxWait, boolean admitted, long level, long @Nullable [] levels, long nanos) {
        this.decided = null;
        this.limit = only.limit();
        this.key = only.key();
        this.cost = only.cost();
        this.level = level;
        this.levels = levels;
        this.nanos = nanos;
        this.maxWait = maxWait;
        this.admitted = admitted;
        this.source = DecisionSource.STORE;
    }

    /** The charges, what was seen of each of their rates, and how long the call had been in a queue. */
    private record DecidedCharges(List<Charge> charges, long[] observations, Duration queued) {}

    private DecidedCharges decided() {
        if (decided != null) {
            return decided;
        }
        Charge only = new Charge(Objects.requireNonNull(limit), key, cost);
        List<RateAlgorithm> rates = only.limit().algorithms();
        long[] observations = new long[RateAlgorithm.OBSERVATIONS * rates.size()];
        for (int i = 0; i < rates.size(); i++) {
            observations[RateAlgorithm.OBSERVATIONS * i] = BucketLayout.ticks(rates.get(i), nanos);
            observations[RateAlgorithm.OBSERVATIONS * i + 1] = levels == null ? level : levels[i];
        }
        return new DecidedCharges(List.of(only), observations, Duration.ZERO);
    }

    /**
     * A store's decision.
     *
     * @param charges the charges that were decided
     * @param maxWait the longest wait that was asked for
     * @param admitted whether all of them were taken
     * @param observations for each rate of each charge, in order, the numbers that {@link RateAlgorithm#observe} told before anything was
     *     taken
     * @return the decision, from {@link DecisionSource#STORE}
     * @throws IllegalArgumentException if there are not {@link RateAlgorithm#OBSERVATIONS} numbers for each rate
     */
    public static Decision of(List<Charge> charges, Duration maxWait, boolean admitted, long[] observations) {
        int rates = 0;
        for (Charge charge : charges) {
            rates += charge.limit().algorithms().size();
        }
        if (observations.length != rates * RateAlgorithm.OBSERVATIONS) {
            throw new IllegalArgumentException(observations.length + " numbers for " + rates + " rates; a store gives "
                    + RateAlgorithm.OBSERVATIONS + " for each rate");
        }
        return new Decision(charges, maxWait, admitted, observations, DecisionSource.STORE, Duration.ZERO);
    }

    /**
     * A decision that no bucket was asked for.
     *
     * @param charges the charges that it answers
     * @param admitted the answer
     * @param source who answered instead of the store
     * @return a decision without readings
     */
    public static Decision withoutStore(List<Charge> charges, boolean admitted, DecisionSource source) {
        return new Decision(charges, Duration.ZERO, admitted, NONE, source, Duration.ZERO);
    }

    /** This decision as the answer to its charges and to others after them, which no bucket was asked for. */
    Decision forCharges(List<Charge> all, DecisionSource other) {
        DecidedCharges asked = decided();
        return new Decision(all, maxWait, admitted, asked.observations, other, asked.queued);
    }

    /** {@return whether the call may go on, at once or after {@link #waitTime()}; its cost is then taken from every bucket} */
    public boolean admitted() {
        return admitted;
    }

    /** {@return who decided} */
    public DecisionSource source() {
        return source;
    }

    /** {@return the charges that were decided, each bucket once} */
    public List<Charge> charges() {
        return decided().charges;
    }

    /**
     * Whether one of the charges would have been admitted alone.
     *
     * @param index of the charge in {@link #charges()}
     * @return true for every charge of an admitted call
     */
    public boolean admits(int index) {
        long[] observations = observations();
        if (admitted || observations.length == 0) {
            return admitted;
        }
        Charge charge = charges().get(index);
        int at = at(index);
        Duration promised = maxReservation(charges(), maxWait);
        for (RateAlgorithm rate : charge.limit().algorithms()) {
            if (at < observations.length
                    && rate.ticksUntilAdmitted(observations, at, charge.cost()) > rate.waitWithin(promised)) {
                return false;
            }
            at += RateAlgorithm.OBSERVATIONS;
        }
        return true;
    }

    /** {@return the longest wait that was asked for; zero for none} */
    public Duration maxWait() {
        return maxWait;
    }

    /**
     * How long after the decision an admitted call may begin.
     *
     * @return zero unless it was reserved, then when the last of its charges fits
     */
    public Duration waitTime() {
        return admitted ? Duration.ofNanos(waitNanos()) : Duration.ZERO;
    }

    /**
     * How long an admitted call waited, or has to: in a queue for its leases, and then until its grant.
     *
     * @return zero if it may begin at once
     */
    public Duration waited() {
        return admitted ? decided().queued.plus(waitTime()) : Duration.ZERO;
    }

    /** This decision after so long in a queue. */
    Decision after(Duration inQueue) {
        DecidedCharges asked = decided();
        return new Decision(asked.charges, maxWait, admitted, asked.observations, source, inQueue);
    }

    /**
     * What a call may be promised that would wait so long: nothing, if it queues for a lease.
     *
     * @param charges the charges of the call
     * @param maxWait the longest wait that was asked for
     * @return the wait, or zero
     */
    public static Duration maxReservation(List<Charge> charges, Duration maxWait) {
        return maxWait.isZero() || Charge.anyLeased(charges) ? Duration.ZERO : maxWait;
    }

    /**
     * Whether the call was refused for want of a lease that it now queues for.
     *
     * @return true if it would wait, and one of its leases is not free, and none of its charges is above a capacity
     */
    public boolean isQueued() {
        return !admitted && !maxWait.isZero() && isShortOfLeases() && !isPermanent();
    }

    private boolean isShortOfLeases() {
        if (decided == null || decided.observations.length == 0) {
            return false;
        }
        List<Charge> charges = decided.charges;
        for (int i = 0; i < charges.size(); i++) {
            if (charges.get(i).isLeased() && !admits(i)) {
                return true;
            }
        }
        return false;
    }

    /** {@return the leased charges that a bucket was asked for, which are held if the call was admitted, or queued for} */
    public List<Charge> leases() {
        List<Charge> leases = new ArrayList<>();
        int at = 0;
        for (Charge charge : charges()) {
            if (charge.isLeased() && at < observations().length) {
                leases.add(charge);
            }
            at += RateAlgorithm.OBSERVATIONS * charge.limit().algorithms().size();
        }
        return leases;
    }

    /** {@return whether the call holds leases in a store} */
    public boolean isLeased() {
        return admitted
                && (source == DecisionSource.STORE || source == DecisionSource.LOCAL)
                && decided != null
                && Charge.anyLeased(decided.charges)
                && !leases().isEmpty();
    }

    /**
     * The instants for which an admitted charge was taken, by the store's clock: what a store needs to give it back.
     *
     * @param charge one of this decision's limits and keys, whatever its cost
     * @return the tick of each rate of its limit
     * @throws IllegalArgumentException if the charge is not of this decision
     */
    public long[] grantTicks(Charge charge) {
        int index = index(charge);
        Limit limit = charges().get(index).limit();
        long[] observations = observations();
        long[] grants = new long[limit.algorithms().size()];
        for (int rate = 0; rate < grants.length; rate++) {
            grants[rate] = observations[at(index) + RateAlgorithm.OBSERVATIONS * rate]
                    + (admitted ? waitNanos() : 0)
                            / limit.algorithms().get(rate).tickNanos();
        }
        return grants;
    }

    /** The charge of the same bucket that was taken. */
    Charge taken(Charge charge) {
        if (!admitted) {
            throw new IllegalArgumentException(
                    "The decision was not admitted and took nothing; settle what was admitted");
        }
        return charges().get(index(charge));
    }

    private int index(Charge charge) {
        List<Charge> all = charges();
        for (int i = 0; i < all.size(); i++) {
            if (all.get(i).limit().name().equals(charge.limit().name())
                    && all.get(i).key().equals(charge.key())) {
                return i;
            }
        }
        throw new IllegalArgumentException("No charge of limit \""
                + charge.limit().name() + "\" with this key is in the decision; give back what it took");
    }

    /** Says that what was taken is settled; true for the first who says so. */
    boolean settle() {
        return SETTLED.compareAndSet(this, false, true);
    }

    /** This decision as it is for a caller who was not there at the instant of the grant. */
    Decision refused() {
        DecidedCharges asked = decided();
        return new Decision(asked.charges, maxWait, false, asked.observations, source, asked.queued);
    }

    /** {@return a reading for each rate of each charge, in order; none where no bucket was asked} */
    public List<RateStatus> statuses() {
        long[] observations = observations();
        long waitNanos = admitted ? waitNanos() : 0;
        List<RateStatus> statuses = new ArrayList<>(observations.length / RateAlgorithm.OBSERVATIONS);
        int at = 0;
        for (Charge charge : charges()) {
            for (RateAlgorithm rate : charge.limit().algorithms()) {
                if (at < observations.length) {
                    statuses.add(status(charge, rate, observations, at, waitNanos));
                    at += RateAlgorithm.OBSERVATIONS;
                }
            }
        }
        return statuses;
    }

    /** {@return the rate that refused; of several the one that takes longest to admit. Empty if none did} */
    public Optional<RateStatus> refusedBy() {
        return admitted
                ? Optional.empty()
                : statuses().stream()
                        .filter(status -> !status.admitted())
                        .max(Comparator.comparing(RateStatus::retryAfter, Decision::compareWaits));
    }

    /** {@return tokens left in the tightest bucket, rounded down to a thousandth; 0 where no bucket was asked} */
    public double remaining() {
        return statuses().stream().mapToDouble(RateStatus::remaining).min().orElse(0);
    }

    /**
     * When the same call would be admitted, if nobody else called.
     *
     * @return zero if it was admitted; empty if no such instant is known: the cost is above a capacity (see
     *     {@link #isPermanent()}), or no bucket was asked
     */
    public Optional<Duration> retryAfter() {
        return admitted ? Optional.of(Duration.ZERO) : refusedBy().flatMap(RateStatus::retryAfter);
    }

    /** {@return whether the cost is above the capacity of a rate, so that the call can never be admitted} */
    public boolean isPermanent() {
        return refusedBy().filter(status -> status.retryAfter().isEmpty()).isPresent();
    }

    /** {@return when every bucket is full again, if nobody calls} */
    public Duration resetAfter() {
        return statuses().stream()
                .map(RateStatus::resetAfter)
                .max(Comparator.naturalOrder())
                .orElse(Duration.ZERO);
    }

    /**
     * Turns a refusal into an exception.
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

    /** Such as {@code refused by search 10/s, remaining 0, retry after PT0.1S}; no key. */
    @Override
    public String toString() {
        return admitted
                ? "admitted, remaining " + remaining()
                : refusedBy()
                        .map(by -> "refused by " + by.limit().name() + " "
                                + by.limit().text(by.rate()) + ", remaining " + by.remaining()
                                + by.retryAfter()
                                        .map(wait -> ", retry after " + wait)
                                        .orElse(", never"))
                        .orElse("refused by policy");
    }

    /** For each rate of each charge the numbers that {@link RateAlgorithm#observe} told; nothing where no bucket was asked. */
    long[] observations() {
        return decided().observations;
    }

    /** Where the numbers of a charge begin. */
    private int at(int index) {
        int at = 0;
        for (int i = 0; i < index; i++) {
            at += RateAlgorithm.OBSERVATIONS
                    * charges().get(i).limit().algorithms().size();
        }
        return at;
    }

    /** Until the last charge fits; nothing where a cost never does, which an admitted decision has none of. */
    private long waitNanos() {
        long[] observations = observations();
        long wait = 0;
        int at = 0;
        for (Charge charge : charges()) {
            for (RateAlgorithm rate : charge.limit().algorithms()) {
                if (at < observations.length) {
                    wait = Math.max(wait, rate.ticksUntilAdmitted(observations, at, charge.cost()) * rate.tickNanos());
                    at += RateAlgorithm.OBSERVATIONS;
                }
            }
        }
        return wait;
    }

    private RateStatus status(Charge charge, RateAlgorithm rate, long[] observations, int at, long waitNanos) {
        long taken = admitted ? charge.cost() : 0;
        long until = admitted ? 0 : rate.ticksUntilAdmitted(observations, at, charge.cost());
        return new RateStatus(
                charge.limit(),
                rate.rate(),
                until == 0,
                Tokens.decimal(rate.remaining(observations, at, taken)),
                until == RateAlgorithm.NEVER ? Optional.empty() : Optional.of(duration(rate, until)),
                duration(rate, rate.ticksUntilReset(observations, at, taken, waitNanos / rate.tickNanos())));
    }

    private static Duration duration(RateAlgorithm rate, long ticks) {
        return Duration.ofNanos(rate.tickNanos()).multipliedBy(ticks);
    }

    private static int compareWaits(Optional<Duration> one, Optional<Duration> other) {
        if (one.isEmpty() || other.isEmpty()) {
            return Boolean.compare(one.isEmpty(), other.isEmpty());
        }
        return one.get().compareTo(other.get());
    }
}
