package io.ratelimit.algorithm;

import java.time.Duration;
import java.time.ZoneId;
import org.jspecify.annotations.Nullable;

/**
 * The algorithm of one rate: functions from the state of a key and the time to an answer and the next state.
 *
 * <p>A store keeps the state, an array of integers below 2<sup>53</sup> whose first element is the instant of its last
 * change, and reads the clock. Instants and waits are in ticks of {@link #tickNanos()}, costs are in thousandths of a
 * token. A store decides a charge as follows:
 *
 * <pre>{@code
 * long[] state = stored == null ? rate.full(now) : rate.advance(stored.clone(), now);
 * rate.observe(state, now, cost, observations, 0);
 * long wait = rate.ticksUntilAdmitted(observations, 0, cost);
 * if (wait <= maxWait) {
 *     stored = rate.consume(state, cost, observations.instant(0) + wait);
 * }
 * }</pre>
 *
 * <p>A function that returns a state may change the array that it is given and return it, so that a store need not copy
 * the state of each call; only the returned array is used from then on. All other functions only read. Implementations
 * are immutable and thread-safe.
 */
public sealed interface RateAlgorithm
        permits TokenBucket, SlidingWindowLog, SlidingWindowCounter, FixedWindow, ConcurrencyLeases {

    /** The wait for a cost that is above the capacity, so that it never fits. */
    long NEVER = Long.MAX_VALUE;

    /**
     * Creates the algorithm of a rate.
     *
     * @param rate the rate
     * @param algorithm how it counts; not {@link Algorithm#CONCURRENCY}, which has a {@link ConcurrencyCap} and no rate
     * @param refill how a token bucket refills
     * @param calendar the calendar of fixed windows; null for windows of the rate's period since the epoch
     * @param zone the time zone of the calendar
     * @return the algorithm
     * @throws InvalidLimitException if the algorithm cannot count the rate
     */
    static RateAlgorithm of(
            Rate rate, Algorithm algorithm, Refill refill, @Nullable CalendarPeriod calendar, ZoneId zone) {
        return switch (algorithm) {
            case TOKEN_BUCKET -> TokenBucket.of(rate, refill);
            case SLIDING_WINDOW -> SlidingWindowLog.of(rate);
            case SLIDING_WINDOW_COUNTER -> SlidingWindowCounter.of(rate);
            case FIXED_WINDOW -> FixedWindow.of(rate, calendar, zone);
            case CONCURRENCY ->
                throw new InvalidLimitException(
                        "rate", rate, "concurrency counts calls at once and has no rates", "use a concurrency cap");
        };
    }

    /** {@return which algorithm this is} */
    Algorithm algorithm();

    /** {@return the length of a tick in nanoseconds: 1,000 for periods below a minute, else 1,000,000} */
    long tickNanos();

    /** {@return P, the period in ticks} */
    long period();

    /**
     * Converts nanoseconds to ticks.
     *
     * @param nanos zero or more
     * @return whole ticks, rounded down
     */
    default long ticks(long nanos) {
        // Dividing by a constant is several times as fast as dividing by a field.
        return tickNanos() == 1_000 ? nanos / 1_000 : nanos / 1_000_000;
    }

    /** {@return whether tokens are refilled in whole portions at the end of each period} */
    default boolean isInterval() {
        return false;
    }

    /**
     * {@return this, if it is a token bucket that refills smoothly, whose state a store can keep in one number; else
     * null}
     */
    default @Nullable TokenBucket asSmoothTokenBucket() {
        return null;
    }

    /** {@return this, if it counts calls while they run; else null} */
    default @Nullable ConcurrencyLeases asLeases() {
        return null;
    }

    /** {@return the calendar's windows that this counts in; null if it counts in none} */
    default @Nullable CalendarWindows asCalendarWindows() {
        return null;
    }

    /**
     * {@return the numbers that a remote store writes after the kind, the period and the capacity; none unless
     * overridden}
     */
    default long[] encodedFields() {
        return new long[0];
    }

    /** {@return the tokens that are refilled in a period, in thousandths} */
    default long thousandthsPerPeriod() {
        return capacityThousandths();
    }

    /** {@return the largest cost that is ever admitted, in thousandths of a token} */
    long capacityThousandths();

    /** {@return the longest wait that can be counted exactly, in ticks; 0 if the algorithm makes no reservations} */
    default long longestWait() {
        return 1L << 52;
    }

    /**
     * Returns the longest reservation that can be made within a maximum wait.
     *
     * @param maxWait zero or more, at most 292 years
     * @return whole ticks, rounded down
     */
    default long waitWithin(Duration maxWait) {
        return maxWait.isZero() ? 0 : Math.min(longestWait(), maxWait.toNanos() / tickNanos());
    }

    /**
     * Returns the state of a key that has no tokens used.
     *
     * @param now the current instant
     * @return the state
     */
    long[] full(long now);

    /**
     * Brings a state up to now. If the clock was set back a little, nothing is refilled until the clock has caught up.
     * If it was set back by more than the time in which all tokens are refilled, the state continues from the new time.
     *
     * @param state the stored state
     * @param now the current instant
     * @return the state as of now
     */
    long[] advance(long[] state, long now);

    /**
     * Returns whether the clock was set back by more than the time in which all tokens are refilled.
     *
     * @param state the stored state
     * @param now the current instant
     * @return true if {@link #advance} continues from the new time
     */
    boolean clockMovedBack(long[] state, long now);

    /**
     * Returns whether no tokens are used. A store may drop such a state.
     *
     * @param state a state as of now
     * @return true if full
     */
    boolean isFull(long[] state);

    /**
     * Records the state that a charge is decided on. The other functions compute answers from these observations alone,
     * so a remote store replies with nothing else.
     *
     * @param state a state as of now, or an earlier one for which {@link #clockMovedBack} is false; both give the same
     *     observations
     * @param now the current instant
     * @param cost thousandths
     * @param observations the observations to write to
     * @param rate the index of this rate in the observations
     */
    void observe(long[] state, long now, long cost, Observations observations, int rate);

    /**
     * Consumes a cost that fits now or after a wait.
     *
     * @param state a state as of now
     * @param cost thousandths, at most the capacity
     * @param granted the instant of the grant: the observed one plus at least the wait of {@link #ticksUntilAdmitted}
     * @return the next state
     */
    long[] consume(long[] state, long cost, long granted);

    /**
     * Consumes a cost whether it fits or not, for a call that used more than it had consumed. The part that does not
     * fit becomes a debt of at most the capacity, which later calls wait for.
     *
     * @param state a state as of now
     * @param cost thousandths
     * @return the next state
     */
    long[] debit(long[] state, long cost);

    /**
     * Returns tokens that were consumed and not used. A refund has no effect if all tokens may have been refilled since
     * the grant.
     *
     * @param state a state as of now
     * @param cost thousandths, at most those that were consumed
     * @param granted the instant of the grant for which they were consumed
     * @return the next state
     */
    long[] refund(long[] state, long cost, long granted);

    /**
     * Returns the tokens that are used and not refilled yet.
     *
     * @param state a state as of now
     * @return thousandths, rounded up, from 0 to the capacity
     */
    long used(long[] state);

    /**
     * Returns the state of a key that has just used some tokens.
     *
     * @param used thousandths; more than the capacity counts as the capacity
     * @param now the current instant
     * @return the state
     */
    long[] fullWithUsed(long used, long now);

    /**
     * Returns whether a state of another version of the limit can be converted. If not, only its used tokens are kept.
     *
     * @param other the algorithm that the state was written by
     * @return true for the same algorithm over the same period
     */
    default boolean canMigrateFrom(RateAlgorithm other) {
        return algorithm() == other.algorithm() && tickNanos() == other.tickNanos() && period() == other.period();
    }

    /**
     * Converts a state of another version of the limit.
     *
     * @param state a state of {@code other}, as of now
     * @param other the algorithm that the state was written by; this {@linkplain #canMigrateFrom can migrate} from it
     * @param now the current instant
     * @return the state
     */
    default long[] migrate(long[] state, RateAlgorithm other, long now) {
        return state;
    }

    /**
     * Returns how full a key is, by which a store chooses the bucket to evict.
     *
     * @param state a state as of now
     * @return from 0, for a bucket that should be evicted last, to 1, if no tokens are used
     */
    default double fullness(long[] state) {
        double used = used(state);
        return 1 - used / capacityThousandths();
    }

    /**
     * Returns the time until no tokens are used, if no more are consumed.
     *
     * @param state a state as of now
     * @return ticks, 0 if full
     */
    long ticksUntilFull(long[] state);

    /**
     * Predicts the observations of a charge some time after a rejection, if nobody has consumed or refunded tokens
     * since, and the rate that rejected had the same state as this one. Tokens that may have been refilled, but that
     * the observations do not show, are not counted.
     *
     * @param observations the observations of the rejected charge
     * @param rate the index of this rate, in both observations
     * @param elapsed ticks since the rejection, zero or more; a larger number never makes less fit
     * @param rejected the rejected cost, in thousandths
     * @param cost the cost of the charge, in thousandths
     * @param later the observations to write to
     * @return false, with nothing written, if the observations do not tell when the cost fits
     */
    boolean project(Observations observations, int rate, long elapsed, long rejected, long cost, Observations later);

    /**
     * Changes the observations of a decision that prefetched tokens to those of a call that spends some of them.
     *
     * @param observations what was observed before the tokens were prefetched; changed in place
     * @param rate the index of this rate, in both observations
     * @param older the observations of the previous prefetch, some of whose tokens are left while {@code spent} is
     *     negative
     * @param spent thousandths of this prefetch that were spent before; while tokens of the older one are left, their
     *     number, negated
     */
    void spend(Observations observations, int rate, Observations older, long spent);

    /**
     * Returns when a cost fits, if nobody else consumes tokens: it fits then, and not one tick before.
     *
     * @param observations what {@link #observe} recorded for this cost
     * @param rate the index of this rate in the observations
     * @param cost thousandths
     * @return ticks, 0 for now, {@link #NEVER} above the capacity
     */
    long ticksUntilAdmitted(Observations observations, int rate, long cost);

    /**
     * Returns the tokens that are left for calls that do not wait.
     *
     * @param observations what {@link #observe} recorded
     * @param rate the index of this rate in the observations
     * @param consumed what the decision consumed, in thousandths
     * @return thousandths, rounded down, 0 or more
     */
    long remaining(Observations observations, int rate, long consumed);

    /**
     * Returns the time until all tokens are refilled, if nobody consumes more.
     *
     * @param observations what {@link #observe} recorded
     * @param rate the index of this rate in the observations
     * @param consumed what the decision consumed, in thousandths
     * @param wait ticks from the decision to its grant
     * @return ticks
     */
    long ticksUntilReset(Observations observations, int rate, long consumed, long wait);

    /**
     * Returns whether this rate refills faster than another one.
     *
     * @param other another rate
     * @return true if it refills more tokens in the same time
     */
    default boolean isFasterThan(RateAlgorithm other) {
        return tokensPerMicro(this) > tokensPerMicro(other);
    }

    /**
     * Returns whether this rate never rejects a call that another rate of the same limit admits.
     *
     * @param stricter the other rate
     * @return true only if that holds for every sequence of calls
     */
    boolean isRedundantBeside(RateAlgorithm stricter);

    private static double tokensPerMicro(RateAlgorithm algorithm) {
        // One correctly rounded quotient of integers, so that equal rates compare as equal.
        double each = algorithm.thousandthsPerPeriod();
        return each / ((double) algorithm.period() * (algorithm.tickNanos() / 1000));
    }
}
