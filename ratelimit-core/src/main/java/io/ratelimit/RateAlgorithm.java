package io.ratelimit;

import java.time.Duration;
import java.time.ZoneId;
import org.jspecify.annotations.Nullable;

/**
 * The arithmetic of one rate of a limit: pure functions from the state of a key and the time to an answer and the next state.
 *
 * <p>A store keeps the state, an array of integers below 2<sup>53</sup> that begins with the instant of its last change, and
 * reads the clock. Instants and waits are ticks of {@link #tickNanos()}, costs are thousandths of a token. A charge is
 *
 * <pre>{@code
 * long[] state = stored == null ? rate.full(now) : rate.advance(stored, now);
 * rate.observe(state, now, cost, observations, 0);
 * long wait = rate.ticksUntilAdmitted(observations, 0, cost);
 * if (wait <= maxWait) {
 *     stored = rate.consume(state, cost, observations.instant(0) + wait);
 * }
 * }</pre>
 *
 * <p>Functions do not change the arrays that they are given, apart from {@code observations}.
 */
public sealed interface RateAlgorithm
        permits TokenBucket, SlidingWindowLog, SlidingWindowCounter, FixedWindow, ConcurrencyLeases {

    /** The wait for a cost that no wait makes fit. */
    long NEVER = Long.MAX_VALUE;

    /**
     * The algorithm of a rate.
     *
     * @param rate the rate
     * @param algorithm how it counts; not {@link Algorithm#CONCURRENCY}, which has no rates
     * @param refill how the tokens of a token bucket come back
     * @param calendar whose windows fixed windows are; null for those of the rate's period from the epoch
     * @param zone the zone of the calendar
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

    /** {@return the algorithm that this is the arithmetic of} */
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
        // Divisors that are known when this is compiled are several times as fast.
        return tickNanos() == 1_000 ? nanos / 1_000 : nanos / 1_000_000;
    }

    /** {@return whether tokens come back in whole portions at the end of each period} */
    default boolean isInterval() {
        return false;
    }

    /** {@return this, if it is a token bucket that refills smoothly, whose state a store can keep in one number; else null} */
    default @Nullable TokenBucket asSmoothTokenBucket() {
        return null;
    }

    /** {@return this, if it counts calls while they run; else null} */
    default @Nullable ConcurrencyLeases asLeases() {
        return null;
    }

    /** {@return the windows of the calendar that this counts in; null if it counts in none} */
    default @Nullable CalendarWindows asCalendarWindows() {
        return null;
    }

    /** {@return the numbers that a remote store writes after kind, period and capacity, to tell its script how to count} */
    default long[] encodedFields() {
        return new long[0];
    }

    /** {@return what comes back in a period, in thousandths of a token} */
    default long thousandthsPerPeriod() {
        return capacityThousandths();
    }

    /** {@return the most that can be taken at once, in thousandths of a token} */
    long capacityThousandths();

    /** {@return the longest wait that can be counted exactly, in ticks; 0 where none can be promised} */
    default long longestWait() {
        return 1L << 52;
    }

    /**
     * The longest wait that can be promised within a maximum.
     *
     * @param maxWait zero or more, at most 292 years
     * @return whole ticks
     */
    default long waitWithin(Duration maxWait) {
        return maxWait.isZero() ? 0 : Math.min(longestWait(), maxWait.toNanos() / tickNanos());
    }

    /**
     * The state of a key of which nothing is out.
     *
     * @param now the instant
     * @return the state
     */
    long[] full(long now);

    /**
     * A state brought up to now. A clock that was set back a little is waited for; one that was set back by more than it
     * takes to get everything back goes on from where it is.
     *
     * @param state as it was stored
     * @param now the instant
     * @return the state now
     */
    long[] advance(long[] state, long now);

    /**
     * Whether the clock was set back by more than it takes to get everything back.
     *
     * @param state as it was stored
     * @param now the instant
     * @return true if {@link #advance} goes on from now
     */
    boolean clockMovedBack(long[] state, long now);

    /**
     * Whether nothing is out, so that no state is the same as this one.
     *
     * @param state brought up to now
     * @return true if full
     */
    boolean isFull(long[] state);

    /**
     * Tells what a charge finds, in the numbers that {@link Decision#of} wants. The first is the instant from which waits
     * count; the others are the algorithm's own.
     *
     * @param state brought up to now
     * @param now the instant
     * @param cost thousandths
     * @param observations where to write what is found
     * @param rate the index of this rate there
     */
    void observe(long[] state, long now, long cost, Observations observations, int rate);

    /**
     * Takes a cost that fits now, or will after a wait.
     *
     * @param state brought up to now
     * @param cost thousandths, at most the capacity
     * @param granted the instant of the grant: the first number seen, and at least the wait that {@link #ticksUntilAdmitted} tells
     * @return the next state
     */
    long[] consume(long[] state, long cost, long granted);

    /**
     * Takes a cost that turned out to be higher than what was taken before, whether it fits or not: as a debt, of at most the
     * capacity, which later calls have to wait for.
     *
     * @param state brought up to now
     * @param cost thousandths
     * @return the next state
     */
    long[] debit(long[] state, long cost);

    /**
     * Gives back what was taken and not used. What everything may have come back of since the grant is void.
     *
     * @param state brought up to now
     * @param cost thousandths, at most what was taken
     * @param granted the instant of the grant for which it was taken
     * @return the next state
     */
    long[] refund(long[] state, long cost, long granted);

    /**
     * Thousandths that are out.
     *
     * @param state brought up to now
     * @return rounded up, from 0 to the capacity
     */
    long used(long[] state);

    /**
     * The state of a key of which so much was just taken.
     *
     * @param out thousandths; more than the capacity counts as the capacity
     * @param now the instant
     * @return the state
     */
    long[] fullWithUsed(long out, long now);

    /**
     * Whether a key's state of another configuration can be continued, rather than only what is out.
     *
     * @param other what the state was written by
     * @return true for the same algorithm over the same period
     */
    default boolean canMigrateFrom(RateAlgorithm other) {
        return algorithm() == other.algorithm() && tickNanos() == other.tickNanos() && period() == other.period();
    }

    /**
     * The state of another configuration, in this one's terms.
     *
     * @param state of {@code other}, brought up to now
     * @param other what the state was written by; this {@linkplain #canMigrateFrom continues} it
     * @param now the instant
     * @return the state
     */
    default long[] migrate(long[] state, RateAlgorithm other, long now) {
        return state;
    }

    /**
     * How full a key is, for the choice of a bucket to evict.
     *
     * @param state brought up to now
     * @return from 0 to 1; 1 if nothing is out, 0 if it must not be evicted while another may
     */
    default double fullness(long[] state) {
        double out = used(state);
        return 1 - out / capacityThousandths();
    }

    /**
     * Ticks until nothing is out, if nothing more is taken.
     *
     * @param state brought up to now
     * @return 0 if full
     */
    long ticksUntilFull(long[] state);

    /**
     * Tells what a charge finds some ticks after a refusal, if nobody took or gave back anything meanwhile and the refused
     * rate was kept as this one is. Where the numbers do not tell what became free, it tells the least.
     *
     * @param observations numbers that {@link #observe} told for the refused cost
     * @param rate the index of this rate, in both observations
     * @param elapsed ticks, zero or more; with more of them nothing fits later
     * @param rejected the refused cost, in thousandths
     * @param cost of the charge, in thousandths
     * @param later where to write what it finds
     * @return false, and nothing written, if the numbers do not tell when the cost fits
     */
    boolean project(Observations observations, int rate, long elapsed, long rejected, long cost, Observations later);

    /**
     * Changes observations to those of a call that spends tokens which an earlier decision consumed ahead.
     *
     * @param observations what was observed when the tokens were consumed, before they were; changed in place
     * @param rate the index of this rate, in both observations
     * @param older what the decision before that observed, of which tokens are left while {@code spent} is negative
     * @param spent thousandths that were spent since of those consumed; negative by what is left of the decision before
     */
    void spend(Observations observations, int rate, Observations older, long spent);

    /**
     * When a cost fits, if nobody else takes: it fits then, and not one tick before.
     *
     * @param observations numbers that {@link #observe} told for this cost
     * @param rate the index of this rate there
     * @param cost thousandths
     * @return ticks, 0 for now, {@link #NEVER} above the capacity
     */
    long ticksUntilAdmitted(Observations observations, int rate, long cost);

    /**
     * What is left for calls that do not wait.
     *
     * @param observations numbers that {@link #observe} told
     * @param rate the index of this rate there
     * @param taken what the decision took, in thousandths
     * @return thousandths, rounded down, 0 or more
     */
    long remaining(Observations observations, int rate, long taken);

    /**
     * When everything is back, if nobody takes more.
     *
     * @param observations numbers that {@link #observe} told
     * @param rate the index of this rate there
     * @param taken what the decision took, in thousandths
     * @param wait ticks to its grant
     * @return ticks
     */
    long ticksUntilReset(Observations observations, int rate, long taken, long wait);

    /**
     * Whether this rate brings more tokens in the same time. Both sides are one correctly rounded quotient of integers.
     *
     * @param other another rate
     * @return true if it is faster
     */
    default boolean isFasterThan(RateAlgorithm other) {
        return tokensPerMicro(this) > tokensPerMicro(other);
    }

    /**
     * Whether this rate admits everything that another one of the same limit admits.
     *
     * @param stricter the other rate
     * @return true only where that is certain
     */
    boolean isRedundantBeside(RateAlgorithm stricter);

    private static double tokensPerMicro(RateAlgorithm algorithm) {
        double each = algorithm.thousandthsPerPeriod();
        return each / ((double) algorithm.period() * (algorithm.tickNanos() / 1000));
    }
}
