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
 * beside its level a bucket remembers the start of its period.
 *
 * <p>Everything stays below 2<sup>53</sup>, where a double, the only number of Redis scripts, is still exact.
 */
public final class TokenBucket {

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
        BigInteger perTick = interval ? tokens : tokens.divide(divisor);
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

    /** {@return the rate this is the arithmetic of} */
    public Rate rate() {
        return rate;
    }

    /** {@return whether the tokens come back in whole portions} */
    public boolean isInterval() {
        return interval;
    }

    /** {@return the length of a tick in nanoseconds: 1,000 or 1,000,000} */
    public long tickNanos() {
        return tickNanos;
    }

    /** {@return P, the period in ticks} */
    public long period() {
        return period;
    }

    /** {@return the units that come back: r each tick if smooth, R each period if by interval} */
    public long refill() {
        return refill;
    }

    /** {@return p, the units of a thousandth of a token} */
    public long unitsPerThousandth() {
        return unitsPerThousandth;
    }

    /** {@return C in thousandths of a token} */
    public long capacityThousandths() {
        return capacityThousandths;
    }

    /** {@return K, the units of a full bucket} */
    public long capacity() {
        return capacityThousandths * unitsPerThousandth;
    }

    /**
     * Whether a bucket at this level holds enough.
     *
     * @param level in units, refilled up to now
     * @param cost in thousandths of a token; above the capacity it never fits
     * @return whether the call is admitted
     */
    public boolean admits(long level, long cost) {
        return cost <= capacityThousandths && level >= cost * unitsPerThousandth;
    }

    /**
     * What is left, rounded down.
     *
     * @param level in units
     * @return thousandths of a token
     */
    public long remaining(long level) {
        return Math.floorDiv(level, unitsPerThousandth);
    }

    /**
     * How long until a call fits, if nobody else takes tokens: it fits then, and not one tick before.
     *
     * @param level in units, refilled up to now
     * @param phase ticks since the period began; only interval refill reads it
     * @param cost in thousandths of a token, at most the capacity
     * @return the wait, zero if the call fits now
     */
    public Duration untilAdmitted(long level, long phase, long cost) {
        return untilLevel(level, phase, cost * unitsPerThousandth);
    }

    /**
     * How long until the bucket is full, if nobody takes tokens.
     *
     * @param level in units, refilled up to now
     * @param phase ticks since the period began; only interval refill reads it
     * @return the wait, zero if it is full now
     */
    public Duration untilFull(long level, long phase) {
        return untilLevel(level, phase, capacity());
    }

    private Duration untilLevel(long level, long phase, long wanted) {
        if (level >= wanted) {
            return Duration.ZERO;
        }
        long steps = ceilDiv(wanted - level, refill);
        return Duration.ofNanos(tickNanos).multipliedBy(interval ? steps * period - phase : steps);
    }

    /** The level of a smooth bucket that is full again at {@code fullAt} (in units, {@code now·r} on the same scale). */
    long level(long fullAt, long now) {
        return Math.min(capacity(), capacity() - fullAt + now * refill);
    }

    /** When, in units, a smooth bucket at this level is full again. */
    long fullAt(long level, long now) {
        return now * refill + capacity() - level;
    }

    /** The level of an interval bucket that held {@code level} in the period that began at {@code start}. */
    long intervalLevel(long level, long start, long now) {
        long portions = Math.min(Math.max(0, now - start) / period, ceilDiv(capacity() - level, refill));
        return Math.min(capacity(), level + portions * refill);
    }

    /** When the period of an interval bucket began that began at {@code start} and holds {@code level} by now. */
    long intervalStart(long level, long start, long now) {
        return level == capacity() ? now : now - Math.max(0, now - start) % period;
    }

    /** A level of another scale on this one: whole thousandths, rounded down, at most the capacity. */
    long adopt(long level, TokenBucket from) {
        long same = from.unitsPerThousandth == unitsPerThousandth
                ? level
                : Math.min(from.remaining(level), capacityThousandths) * unitsPerThousandth;
        return Math.min(same, capacity());
    }

    /** Whether two scales count the same period, so that one can adopt the level of the other. */
    boolean matches(TokenBucket other) {
        return period == other.period && tickNanos == other.tickNanos;
    }

    private static void requireCountable(Rate rate, BigInteger needed, String what, String fix) {
        if (needed.bitLength() > 53) {
            BigInteger times = needed.divide(BigInteger.valueOf(LIMIT)).add(BigInteger.ONE);
            throw new InvalidLimitException("Invalid rate \"" + rate + "\": it needs " + needed + " " + what + ", "
                    + times + " times what can be held (2^53); use a smaller burst, " + fix + ", or a shorter period");
        }
    }

    /** Whether this rate brings more tokens in the same time. Both sides are one correctly rounded quotient of integers. */
    boolean refillsFasterThan(TokenBucket other) {
        return tokensPerMicro() > other.tokensPerMicro();
    }

    private double tokensPerMicro() {
        double eachPeriod = interval ? refill : (double) refill * (period / unitsPerThousandth);
        return eachPeriod / ((double) period * (tickNanos / 1000));
    }

    private static BigInteger nanos(Duration duration) {
        return BigInteger.valueOf(duration.getSeconds())
                .multiply(BigInteger.valueOf(1_000_000_000))
                .add(BigInteger.valueOf(duration.getNano()));
    }

    private static long ceilDiv(long dividend, long divisor) {
        return (dividend + divisor - 1) / divisor;
    }
}
