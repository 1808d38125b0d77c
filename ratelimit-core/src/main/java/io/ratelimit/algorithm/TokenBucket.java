package io.ratelimit.algorithm;

import java.math.BigInteger;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A bucket of tokens that refills at a rate, counted only in integers.
 *
 * <p><b>The naive bucket.</b> Keep a number of tokens. On each call add {@code rate · elapsed}, cut the sum off at the
 * capacity, and admit the call if enough tokens are left. With doubles, ten calls a second on {@code 10/s} gain or lose
 * a few tokens an hour to rounding, and a caller that waited for exactly 100 ms finds 0.9999999 tokens and is rejected.
 * Rounding down to whole tokens is worse: a caller that tries every 99 ms never sees a refill at all.
 *
 * <p><b>Count in whole units.</b> Time is counted in ticks, of 1 µs for periods below a minute and of 1 ms otherwise.
 * Tokens are counted in thousandths. {@code R} tokens each {@code P} ticks are {@code R·1000/P} thousandths a tick,
 * which is rarely a whole number. So choose a unit that makes both whole: with {@code g = gcd(R·1000, P)}, a tick adds
 * {@code r = R·1000/g} units and a thousandth is {@code p = P/g} units. For {@code 10/s}, g is 10,000, r is 1 and p is
 * 100: a token is 100,000 units and takes 100,000 ticks of a microsecond. A refill is {@code level + ticks·r}, a call
 * of n thousandths costs {@code n·p}, and no division decides anything, so nothing drifts. A full bucket of C tokens
 * holds {@code K = C·1000·p} units.
 *
 * <p><b>Bound.</b> A caller that tries all the time gets {@code C + R·T/P} tokens in any time T, not a thousandth more
 * or less. A rejection changes nothing. A rejected call of n thousandths at level L fits after
 * {@code ceil((n·p − L)/r)} ticks and not one tick earlier. With {@code 10/s} and an empty bucket, one token takes
 * 100,000 µs.
 *
 * <p><b>Waiting is going below zero.</b> A call that may wait is granted tokens before they are refilled: the level
 * becomes negative by the amount that is refilled until the grant. The next call sees that level and waits behind it,
 * so waiting calls are served in order and hold no lock meanwhile.
 *
 * <p><b>One number.</b> On a clock that never runs backwards, level and time fit one number: the instant, in units, at
 * which the bucket is full again, {@code now·r + K − L}. This is the theoretical arrival time of the generic cell rate
 * algorithm (GCRA, ITU-T I.371). It moves only when tokens are consumed, so a refill needs no write, and one
 * compare-and-set consumes tokens.
 *
 * <p><b>A clock that is set back.</b> A remote store's clock may jump. If it moved back a little, the bucket keeps its
 * time and refills nothing until the clock catches up. If it moved back by more than the time to fill an empty bucket,
 * the bucket takes the new time and keeps its level, or it would not refill for hours.
 *
 * <p><b>Interval refill.</b> Whole portions of R tokens come at the end of each period. A period starts when a full
 * bucket is first charged, so a full bucket still equals no bucket. The unit is the thousandth (p = 1), and beside its
 * level the bucket keeps the start of its period. A portion is never more than the capacity.
 *
 * <p>Every number stays below 2<sup>53</sup>, where a double, the only number of Redis scripts, is still exact.
 */
public final class TokenBucket implements RateAlgorithm {

    private static final int TIME = 0;
    private static final int LEVEL = 1;
    private static final int PHASE = 2;
    private static final long LIMIT = 1L << 53;

    private final boolean interval;
    private final long tickNanos;
    private final long period;
    private final long refill;
    private final long unitsPerThousandth;
    private final long thousandthsPerPeriod;
    private final long capacityThousandths;
    private final long capacity;
    private final long ticksToFill;
    /** The ticks of a nanosecond, as a multiple of 2<sup>-64 - ticksShift</sup>, rounded up. */
    private final long ticksPerNano;

    private final int ticksShift;

    private TokenBucket(Rate rate, boolean interval, long period, long refill, long unitsPerThousandth) {
        this.interval = interval;
        this.tickNanos = Rate.tick(rate.period()).toNanos();
        this.period = period;
        this.refill = refill;
        this.unitsPerThousandth = unitsPerThousandth;
        this.thousandthsPerPeriod = interval ? refill : Tokens.exactly(rate.tokens());
        this.capacityThousandths = Tokens.exactly(rate.burst());
        // 2^71 / 1,000 and 2^82 / 1,000,000, rounded up: the product is exact for every number of nanoseconds.
        this.ticksPerNano = tickNanos == 1_000 ? 0x20C49BA5E353F7CFL : 0x431BDE82D7B634DBL;
        this.ticksShift = tickNanos == 1_000 ? 7 : 18;
        this.capacity = capacityThousandths * unitsPerThousandth;
        this.ticksToFill = steps(capacity) * (interval ? period : 1);
    }

    /**
     * Creates the bucket of a rate.
     *
     * @param rate the rate
     * @param refill how the bucket refills
     * @return the bucket
     * @throws InvalidLimitException if capacity and refill together need 2<sup>53</sup> units or more, or if an empty
     *     bucket takes 2<sup>53</sup> µs (285 years) or more to fill up; the rule tells by how much
     */
    public static TokenBucket of(Rate rate, Refill refill) {
        BigInteger period = nanos(rate.period()).divide(nanos(Rate.tick(rate.period())));
        BigInteger tokens = rate.tokens().movePointRight(3).toBigIntegerExact();
        BigInteger burst = rate.burst().movePointRight(3).toBigIntegerExact();
        boolean interval = refill == Refill.INTERVAL;
        BigInteger divisor = interval ? period : tokens.gcd(period);
        BigInteger unitsPerThousandth = period.divide(divisor);
        BigInteger perTick = interval ? tokens.min(burst) : tokens.divide(divisor);
        BigInteger capacity = burst.multiply(unitsPerThousandth);
        requireCountable(
                rate, capacity.add(perTick).max(period), "units to be counted exactly", "a rounder number of tokens");
        BigInteger steps = capacity.add(perTick).subtract(BigInteger.ONE).divide(perTick);
        BigInteger ticksToFull = interval ? steps.multiply(period) : steps;
        BigInteger micros =
                ticksToFull.multiply(nanos(Rate.tick(rate.period()))).divide(BigInteger.valueOf(1000));
        requireCountable(rate, micros, "microseconds to fill up", "more tokens");
        return new TokenBucket(
                rate, interval, period.longValueExact(), perTick.longValueExact(), unitsPerThousandth.longValueExact());
    }

    @Override
    public Algorithm algorithm() {
        return Algorithm.TOKEN_BUCKET;
    }

    @Override
    public boolean isInterval() {
        return interval;
    }

    @Override
    public @Nullable TokenBucket asSmoothTokenBucket() {
        return interval ? null : this;
    }

    @Override
    public long[] encodedFields() {
        return new long[] {refill, unitsPerThousandth};
    }

    @Override
    public long tickNanos() {
        return tickNanos;
    }

    /**
     * {@inheritDoc} Multiplies by a reciprocal: one product is shorter than two divisions by constants, and the path of
     * a smooth decision must be short to be inlined. A negative number, of a clock that was set back, is rounded up.
     */
    @Override
    public long ticks(long nanos) {
        return (Math.multiplyHigh(nanos, ticksPerNano) >> ticksShift) - (nanos >> 63);
    }

    @Override
    public long period() {
        return period;
    }

    /** {@return the units of one refill: r for each tick if smooth, else R tokens for each period, at most K} */
    public long refill() {
        return refill;
    }

    /** {@return p, the units of a thousandth of a token} */
    public long unitsPerThousandth() {
        return unitsPerThousandth;
    }

    @Override
    public long thousandthsPerPeriod() {
        return thousandthsPerPeriod;
    }

    @Override
    public long capacityThousandths() {
        return capacityThousandths;
    }

    /** {@return K, the units of a full bucket} */
    public long capacity() {
        return capacity;
    }

    @Override
    public long longestWait() {
        long steps = (LIMIT - capacity) / refill - 1;
        return interval ? Math.min(steps, LIMIT / period - 1) * period : steps;
    }

    @Override
    public long[] full(long now) {
        return new long[] {now, capacity};
    }

    @Override
    public boolean clockMovedBack(long[] state, long now) {
        return now < state[TIME] - ticksToFill;
    }

    @Override
    public long[] advance(long[] state, long now) {
        if (clockMovedBack(state, now)) {
            state[TIME] = now;
        }
        long refills = refills(state, now);
        long level = levelAfterRefills(state, refills);
        state[TIME] = time(state, now, refills, level);
        state[LEVEL] = level;
        return state;
    }

    /** Returns the instant up to which tokens are refilled at the given time: for interval refill, a period's start. */
    private long time(long[] state, long now, long refills, long level) {
        return interval && level < capacity ? state[TIME] + refills * period : Math.max(now, state[TIME]);
    }

    private long levelAfterRefills(long[] state, long refills) {
        long missing = capacity - state[LEVEL];
        return refills == 0 || missing == 0
                ? state[LEVEL]
                : state[LEVEL] + Math.min(missing, refilled(refills, missing));
    }

    /** Returns the refills from the instant of a state to the given time. */
    private long refills(long[] state, long now) {
        long elapsed = Math.max(0, now - state[TIME]);
        return !interval ? elapsed : elapsed < period ? 0 : elapsed / period;
    }

    /** Returns the units of some refills, or at least the missing ones. */
    private long refilled(long refills, long missing) {
        return refills < LIMIT / refill ? refills * refill : Math.min(refills, steps(missing)) * refill;
    }

    @Override
    public boolean isFull(long[] state) {
        return state[LEVEL] == capacity;
    }

    /** Records the level in units and, for interval refill, the ticks since the period began. */
    @Override
    public void observe(long[] state, long now, long cost, Observations observations, int rate) {
        long refills = refills(state, now);
        long level = levelAfterRefills(state, refills);
        observations.set(rate, now, level, interval ? now - time(state, now, refills, level) : 0, 0);
    }

    /**
     * Writes the level that a decision on smooth rates observed for this rate.
     *
     * @param now the instant of the decision
     * @param level units, before anything was consumed
     * @param observations where to write it
     * @param rate the index of this rate in the observations
     */
    public void observeLevel(long now, long level, Observations observations, int rate) {
        observations.set(rate, now, level, 0, 0);
    }

    /**
     * Returns the level that was observed of this rate.
     *
     * @param observations what {@link #observe} or {@link #observeLevel} recorded
     * @param rate the index of this rate in the observations
     * @return units, before anything was consumed
     */
    public long observedLevel(Observations observations, int rate) {
        return observations.get(rate, LEVEL);
    }

    @Override
    public boolean project(
            Observations observations, int rate, long elapsed, long rejected, long cost, Observations later) {
        long now = observations.instant(rate) + elapsed;
        long level = observations.get(rate, LEVEL);
        if (interval) {
            long[] state = {observations.instant(rate) - observations.get(rate, PHASE), level};
            observe(state, now, cost, later, rate);
            return true;
        }
        long came = elapsed * refill;
        boolean full = Math.multiplyHigh(elapsed, refill) != 0 || came < 0 || came >= capacity - level;
        later.set(rate, now, full ? capacity : level + came, 0, 0);
        return true;
    }

    @Override
    public void spend(Observations observations, int rate, Observations older, long spent) {
        long level = observations.get(rate, LEVEL) - spent * unitsPerThousandth;
        observations.set(rate, LEVEL, Math.min(capacity, level));
        if (spent < 0) {
            observations.setInstant(rate, older.instant(rate));
        }
    }

    @Override
    public long[] consume(long[] state, long cost, long granted) {
        state[LEVEL] -= cost * unitsPerThousandth;
        return state;
    }

    @Override
    public long[] debit(long[] state, long cost) {
        long least = Math.max(-capacity, capacity + refill - LIMIT);
        long owing = state[LEVEL] - Math.min(cost, 2 * capacityThousandths) * unitsPerThousandth;
        state[LEVEL] = Math.min(state[LEVEL], Math.max(least, owing));
        return state;
    }

    @Override
    public long[] refund(long[] state, long cost, long granted) {
        if (state[TIME] - granted < ticksToFill) {
            state[LEVEL] = Math.min(capacity, state[LEVEL] + cost * unitsPerThousandth);
        }
        return state;
    }

    @Override
    public long used(long[] state) {
        return Math.min(capacityThousandths, capacityThousandths - whole(state[LEVEL]));
    }

    @Override
    public long[] fullWithUsed(long used, long now) {
        return new long[] {now, Math.max(0, capacityThousandths - used) * unitsPerThousandth};
    }

    /**
     * Keeps whole thousandths, rounded down, at most the capacity, and the period if both versions refill by interval.
     */
    @Override
    public long[] migrate(long[] state, RateAlgorithm other, long now) {
        TokenBucket from = (TokenBucket) other;
        long level = from.unitsPerThousandth == unitsPerThousandth
                ? state[LEVEL]
                : Math.min(from.whole(state[LEVEL]), capacityThousandths) * unitsPerThousandth;
        level = Math.min(level, capacity);
        boolean goesOn = interval == from.interval && !(interval && level == capacity);
        return new long[] {goesOn ? state[TIME] : Math.max(now, state[TIME]), level};
    }

    /**
     * True if the other rate is smooth too, has at most the capacity of this one, and refills no faster. With interval
     * refill always false, because the periods of the two rates may overlap in any way.
     */
    @Override
    public boolean isRedundantBeside(RateAlgorithm stricter) {
        return stricter instanceof TokenBucket other
                && !interval
                && !other.interval
                && other.capacityThousandths <= capacityThousandths
                && !other.isFasterThan(this);
    }

    @Override
    public long ticksUntilFull(long[] state) {
        return steps(capacity - state[LEVEL]) * (interval ? period : 1);
    }

    @Override
    public long ticksUntilAdmitted(Observations observations, int rate, long cost) {
        return cost > capacityThousandths
                ? NEVER
                : cost == 0
                        ? 0
                        : untilLevel(
                                observations.get(rate, LEVEL),
                                observations.get(rate, PHASE),
                                cost * unitsPerThousandth);
    }

    @Override
    public long remaining(Observations observations, int rate, long consumed) {
        return Math.max(0, whole(observations.get(rate, LEVEL) - consumed * unitsPerThousandth));
    }

    @Override
    public long ticksUntilReset(Observations observations, int rate, long consumed, long wait) {
        long left = observations.get(rate, LEVEL) - consumed * unitsPerThousandth;
        return untilLevel(left, observations.get(rate, PHASE), capacity);
    }

    /**
     * Returns when a smooth bucket at a level holds enough.
     *
     * @param level units
     * @param cost thousandths
     * @return ticks, 0 for now, {@link #NEVER} above the capacity
     */
    public long ticksUntilAdmitted(long level, long cost) {
        return cost > capacityThousandths ? NEVER : untilLevel(level, 0, cost * unitsPerThousandth);
    }

    /**
     * Returns whether a smooth bucket at a level admits a cost after at most a wait.
     *
     * @param maxWait the longest wait
     * @param level units
     * @param cost thousandths
     * @return true if the cost is zero, or fits after a wait that can be counted exactly
     */
    public boolean admitsWithin(Duration maxWait, long level, long cost) {
        return cost == 0 || !maxWait.isZero() && ticksUntilAdmitted(level, cost) <= waitWithin(maxWait);
    }

    private long untilLevel(long level, long phase, long wanted) {
        if (level >= wanted) {
            return 0;
        }
        long steps = steps(wanted - level);
        return interval ? steps * period - phase : steps;
    }

    /** Returns the ticks, or the periods of interval refill, in which units are refilled, rounded up. */
    private long steps(long units) {
        return (units + refill - 1) / refill;
    }

    private long whole(long level) {
        return Math.floorDiv(level, unitsPerThousandth);
    }

    /**
     * Returns the level of a smooth bucket that is one number.
     *
     * @param fullAt the instant at which it is full again, in units
     * @param now the instant, in ticks from the same origin
     * @return units, at most the capacity
     */
    public long level(long fullAt, long now) {
        return Math.min(capacity, capacity - fullAt + now * refill);
    }

    /**
     * Converts a cost to units.
     *
     * @param cost thousandths
     * @return units; more than the capacity for a cost that never fits
     */
    public long price(long cost) {
        return Math.min(cost, capacityThousandths + 1) * unitsPerThousandth;
    }

    /**
     * Returns the number that a smooth bucket is kept as.
     *
     * @param level units
     * @param now the instant, in ticks
     * @return the instant at which it is full again, in units from the same origin
     */
    public long fullAt(long level, long now) {
        return now * refill + capacity - level;
    }

    private static void requireCountable(Rate rate, BigInteger needed, String what, String fix) {
        if (needed.bitLength() > 53) {
            BigInteger times = needed.divide(BigInteger.valueOf(LIMIT)).add(BigInteger.ONE);
            throw new InvalidLimitException(
                    "rate",
                    rate,
                    "it needs " + needed + " " + what + ", " + times + " times what can be held (2^53)",
                    "use a smaller burst, " + fix + ", or a shorter period");
        }
    }

    private static BigInteger nanos(Duration duration) {
        return BigInteger.valueOf(duration.getSeconds())
                .multiply(BigInteger.valueOf(1_000_000_000))
                .add(BigInteger.valueOf(duration.getNano()));
    }
}
