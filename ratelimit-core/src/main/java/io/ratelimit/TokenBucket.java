package io.ratelimit;

import java.math.BigInteger;
import java.time.Duration;

/**
 * The arithmetic of one rate: when a bucket that refills while it is being emptied holds enough, in integers alone.
 *
 * <p><b>The naive bucket.</b> Keep a number of tokens, add {@code rate * elapsed} on each call, cap it, and admit the
 * call if enough are left. With {@code 10/s} and doubles, ten calls a second for an hour lose or win a few tokens to
 * rounding; and with a level of 0.9999999 a caller who waited exactly 100 ms is turned away. Rounding the tokens down
 * to a whole number is worse: who asks each 99 ms never sees a refill.
 *
 * <p><b>Units instead of tokens.</b> Time comes in ticks (1 µs for periods below a minute, else 1 ms), tokens in
 * thousandths. {@code R} tokens each {@code P} ticks are {@code R·1000/P} thousandths a tick, rarely a whole number. So
 * count in units so small that both are whole: with {@code g = gcd(R·1000, P)}, a tick adds {@code r = R·1000/g} units
 * and a thousandth is {@code p = P/g} units. For {@code 10/s}: g = 10,000, r = 1, p = 100; a token is 100,000 units and
 * takes 100,000 ticks of a microsecond. Refill is {@code level + ticks·r}, a call of n thousandths costs {@code n·p},
 * and nothing is ever divided, so nothing drifts. A full bucket of C tokens holds {@code K = C·1000·p} units.
 *
 * <p><b>What it grants.</b> Whoever calls as fast as possible gets {@code C + R·T/P} tokens in any time T, not a token
 * more and not a thousandth less. A refusal changes nothing. A refused call of n thousandths at level L fits after
 * {@code ceil((n·p − L)/r)} ticks and not one tick before.
 *
 * <p><b>One word.</b> On a clock that never runs back, level and time fit one number: the instant, in units, at which
 * the bucket is full again, {@code now·r + K − L} (the theoretical arrival time of the GCRA, ITU-T I.371). It moves
 * only when tokens are taken, so a refill costs no write, and one compare-and-set takes tokens.
 *
 * <p><b>Interval refill.</b> Whole portions of R tokens come at the end of each period. A period starts when a full
 * bucket is first charged, so that a full bucket stays the same as no bucket. The unit is the thousandth (p = 1), and
 * beside its level a bucket remembers the start of its period. A portion brings at most what the bucket holds.
 *
 * <p>Everything stays below 2<sup>53</sup>, where a double, the only number of Redis scripts, is still exact.
 */
public final class TokenBucket implements RateAlgorithm {

    private static final int TIME = 0;
    private static final int LEVEL = 1;
    private static final long LIMIT = 1L << 53;

    private final Rate rate;
    private final boolean interval;
    private final long tickNanos;
    private final long period;
    private final long refill;
    private final long unitsPerThousandth;
    private final long capacityThousandths;

    private TokenBucket(Rate rate, boolean interval, long period, long refill, long unitsPerThousandth) {
        this.rate = rate;
        this.interval = interval;
        this.tickNanos = Rate.tick(rate.period()).toNanos();
        this.period = period;
        this.refill = refill;
        this.unitsPerThousandth = unitsPerThousandth;
        this.capacityThousandths = Tokens.exactly(rate.burst());
    }

    /**
     * The bucket of a rate.
     *
     * @param rate the rate
     * @param refill how its tokens come back
     * @return the bucket's arithmetic
     * @throws InvalidLimitException if capacity and refill together need 2<sup>53</sup> units or more, or an empty bucket
     *     2<sup>53</sup> µs (285 years) or more to fill up, saying by how much
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
    public Rate rate() {
        return rate;
    }

    /** {@return whether the tokens come back in whole portions} */
    public boolean isInterval() {
        return interval;
    }

    @Override
    public long tickNanos() {
        return tickNanos;
    }

    @Override
    public long period() {
        return period;
    }

    /** {@return the units that come back: r each tick if smooth; each period R, at most K, if by interval} */
    public long refill() {
        return refill;
    }

    /** {@return p, the units of a thousandth of a token} */
    public long unitsPerThousandth() {
        return unitsPerThousandth;
    }

    @Override
    public long thousandthsPerPeriod() {
        return interval ? refill : Tokens.exactly(rate.tokens());
    }

    @Override
    public long capacityThousandths() {
        return capacityThousandths;
    }

    /** {@return K, the units of a full bucket} */
    public long capacity() {
        return capacityThousandths * unitsPerThousandth;
    }

    @Override
    public long longestWait() {
        long steps = (LIMIT - capacity()) / refill - 1;
        return interval ? Math.min(steps, LIMIT / period - 1) * period : steps;
    }

    @Override
    public long[] full(long now) {
        return new long[] {now, capacity()};
    }

    @Override
    public boolean clockMovedBack(long[] state, long now) {
        return now < state[TIME] - ticksToFill();
    }

    @Override
    public long[] advance(long[] state, long now) {
        long since = clockMovedBack(state, now) ? now : state[TIME];
        long current = Math.max(now, since);
        long came = interval ? (current - since) / period : current - since;
        long level = Math.min(capacity(), state[LEVEL] + Math.min(came, steps(capacity() - state[LEVEL])) * refill);
        long time = interval && level < capacity() ? since + came * period : current;
        return new long[] {time, level};
    }

    @Override
    public boolean isFull(long[] state) {
        return state[LEVEL] == capacity();
    }

    /** Tells the instant, the level in units and, for interval refill, the ticks since the period began. */
    @Override
    public void observe(long[] state, long now, long cost, long[] observations, int at) {
        observations[at] = now;
        observations[at + 1] = state[LEVEL];
        observations[at + 2] = interval ? now - state[TIME] : 0;
        observations[at + 3] = 0;
    }

    @Override
    public boolean project(long[] observations, int at, long elapsed, long refused, long cost, long[] later) {
        long now = observations[at] + elapsed;
        if (interval) {
            observe(
                    advance(new long[] {observations[at] - observations[at + 2], observations[at + 1]}, now),
                    now,
                    cost,
                    later,
                    at);
            return true;
        }
        long came = elapsed * refill;
        boolean full = Math.multiplyHigh(elapsed, refill) != 0 || came < 0 || came >= capacity() - observations[at + 1];
        later[at] = now;
        later[at + 1] = full ? capacity() : observations[at + 1] + came;
        later[at + 2] = 0;
        later[at + 3] = 0;
        return true;
    }

    @Override
    public long[] consume(long[] state, long cost, long granted) {
        return new long[] {state[TIME], state[LEVEL] - cost * unitsPerThousandth};
    }

    @Override
    public long[] debit(long[] state, long cost) {
        long least = Math.max(-capacity(), capacity() + refill - LIMIT);
        long owing = state[LEVEL] - Math.min(cost, 2 * capacityThousandths) * unitsPerThousandth;
        return new long[] {state[TIME], Math.min(state[LEVEL], Math.max(least, owing))};
    }

    @Override
    public long[] refund(long[] state, long cost, long granted) {
        if (state[TIME] - granted >= ticksToFill()) {
            return state;
        }
        return new long[] {state[TIME], Math.min(capacity(), state[LEVEL] + cost * unitsPerThousandth)};
    }

    @Override
    public long used(long[] state) {
        return Math.min(capacityThousandths, capacityThousandths - whole(state[LEVEL]));
    }

    @Override
    public long[] fullWithUsed(long out, long now) {
        return new long[] {now, Math.max(0, capacityThousandths - out) * unitsPerThousandth};
    }

    /** Whole thousandths, rounded down, at most the capacity. A period goes on only where both refill by interval. */
    @Override
    public long[] migrate(long[] state, RateAlgorithm other, long now) {
        TokenBucket from = (TokenBucket) other;
        long level = from.unitsPerThousandth == unitsPerThousandth
                ? state[LEVEL]
                : Math.min(from.whole(state[LEVEL]), capacityThousandths) * unitsPerThousandth;
        level = Math.min(level, capacity());
        boolean goesOn = interval == from.interval && !(interval && level == capacity());
        return new long[] {goesOn ? state[TIME] : Math.max(now, state[TIME]), level};
    }

    /** If smooth: a smaller bucket that fills no faster. Periods of portions may cross, and so imply nothing. */
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
        return steps(capacity() - state[LEVEL]) * (interval ? period : 1);
    }

    @Override
    public long ticksUntilAdmitted(long[] observations, int at, long cost) {
        return cost > capacityThousandths
                ? NEVER
                : cost == 0 ? 0 : untilLevel(observations[at + 1], observations[at + 2], cost * unitsPerThousandth);
    }

    @Override
    public long remaining(long[] observations, int at, long taken) {
        return Math.max(0, whole(observations[at + 1] - taken * unitsPerThousandth));
    }

    @Override
    public long ticksUntilReset(long[] observations, int at, long taken, long wait) {
        return untilLevel(observations[at + 1] - taken * unitsPerThousandth, observations[at + 2], capacity());
    }

    /** Ticks until a smooth bucket at this level holds enough; {@link #NEVER} above the capacity. */
    long ticksUntilAdmitted(long level, long cost) {
        return cost > capacityThousandths ? NEVER : untilLevel(level, 0, cost * unitsPerThousandth);
    }

    private long untilLevel(long level, long phase, long wanted) {
        if (level >= wanted) {
            return 0;
        }
        long steps = steps(wanted - level);
        return interval ? steps * period - phase : steps;
    }

    private long ticksToFill() {
        return steps(capacity()) * (interval ? period : 1);
    }

    /** Ticks or periods in which so many units come back. */
    private long steps(long units) {
        return (units + refill - 1) / refill;
    }

    private long whole(long level) {
        return Math.floorDiv(level, unitsPerThousandth);
    }

    /** The level of a smooth bucket that is full again at {@code fullAt} (in units, {@code now·r} on the same scale). */
    long level(long fullAt, long now) {
        return Math.min(capacity(), capacity() - fullAt + now * refill);
    }

    /** What a cost takes, in units; of one that never fits, more than the capacity. */
    long price(long cost) {
        return Math.min(cost, capacityThousandths + 1) * unitsPerThousandth;
    }

    /** When, in units, a smooth bucket at this level is full again. */
    long fullAt(long level, long now) {
        return now * refill + capacity() - level;
    }

    private static void requireCountable(Rate rate, BigInteger needed, String what, String fix) {
        if (needed.bitLength() > 53) {
            BigInteger times = needed.divide(BigInteger.valueOf(LIMIT)).add(BigInteger.ONE);
            throw new InvalidLimitException("Invalid rate \"" + rate + "\": it needs " + needed + " " + what + ", "
                    + times + " times what can be held (2^53); use a smaller burst, " + fix + ", or a shorter period");
        }
    }

    private static BigInteger nanos(Duration duration) {
        return BigInteger.valueOf(duration.getSeconds())
                .multiply(BigInteger.valueOf(1_000_000_000))
                .add(BigInteger.valueOf(duration.getNano()));
    }
}
