package io.ratelimit;

import java.time.Duration;

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
 *     stored = rate.consume(state, cost, observations[0] + wait);
 * }
 * }</pre>
 *
 * <p>Functions do not change the arrays that they are given, apart from {@code observations}.
 */
public sealed interface RateAlgorithm
        permits TokenBucket, SlidingWindowLog, SlidingWindowCounter, FixedWindow, ConcurrencyLeases {

    /** How many numbers {@link #observe} tells of a rate. The first is an instant. */
    int OBSERVATIONS = 4;

    /** The wait for a cost that no wait makes fit. */
    long NEVER = Long.MAX_VALUE;

    /** {@return the algorithm that this is the arithmetic of} */
    Algorithm algorithm();

    /** {@return the rate that this is the arithmetic of} */
    Rate rate();

    /** {@return the length of a tick in nanoseconds: 1,000 for periods below a minute, else 1,000,000} */
    default long tickNanos() {
        return Rate.tick(rate().period()).toNanos();
    }

    /** {@return P, the period in ticks} */
    default long period() {
        return Rate.ticks(rate().period());
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
     * @param observations where to write {@link #OBSERVATIONS} numbers
     * @param at from which index on
     */
    void observe(long[] state, long now, long cost, long[] observations, int at);

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
        return algorithm() == other.algorithm()
                && rate().period().equals(other.rate().period());
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
     * @param at from which index on, in both arrays
     * @param elapsed ticks, zero or more; with more of them nothing fits later
     * @param refused the refused cost, in thousandths
     * @param cost of the charge, in thousandths
     * @param later where to write {@link #OBSERVATIONS} numbers
     * @return false, and nothing written, if the numbers do not tell when the cost fits
     */
    boolean project(long[] observations, int at, long elapsed, long refused, long cost, long[] later);

    /**
     * When a cost fits, if nobody else takes: it fits then, and not one tick before.
     *
     * @param observations numbers that {@link #observe} told for this cost
     * @param at from which index on
     * @param cost thousandths
     * @return ticks, 0 for now, {@link #NEVER} above the capacity
     */
    long ticksUntilAdmitted(long[] observations, int at, long cost);

    /**
     * What is left for calls that do not wait.
     *
     * @param observations numbers that {@link #observe} told
     * @param at from which index on
     * @param taken what the decision took, in thousandths
     * @return thousandths, rounded down, 0 or more
     */
    long remaining(long[] observations, int at, long taken);

    /**
     * When everything is back, if nobody takes more.
     *
     * @param observations numbers that {@link #observe} told
     * @param at from which index on
     * @param taken what the decision took, in thousandths
     * @param wait ticks to its grant
     * @return ticks
     */
    long ticksUntilReset(long[] observations, int at, long taken, long wait);

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
