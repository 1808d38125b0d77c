package io.ratelimit.test;

import io.ratelimit.algorithm.Rate;
import io.ratelimit.algorithm.Refill;
import java.math.BigInteger;
import java.time.Duration;
import java.util.OptionalLong;

/**
 * Models a token bucket as a level and the tick at which that level was counted. Under a rate of R thousandths in P
 * ticks, a thousandth of a token is P parts, and each tick adds R parts.
 */
final class TokenBucketModel implements RateModel {

    private final Rate rate;
    private final Refill refill;
    private BigInteger level;
    private long time;
    private long sinceTime;

    TokenBucketModel(Rate rate, Refill refill, VirtualClock clock) {
        this.rate = rate;
        this.refill = refill;
        this.level = parts(capacity());
        this.time = ticks(clock);
    }

    @Override
    public Duration duration() {
        return rate.period();
    }

    @Override
    public long capacity() {
        return RateModel.thousandths(rate.burst());
    }

    /** Adds whole portions. A portion fills the bucket at most, even if reservations have made its level negative. */
    @Override
    public long tokens() {
        long tokens = RateModel.thousandths(rate.tokens());
        return refill == Refill.INTERVAL ? Math.min(tokens, capacity()) : tokens;
    }

    @Override
    public RateModel now(VirtualClock clock) {
        TokenBucketModel bucket = new TokenBucketModel(rate, refill, clock);
        long now = ticks(clock);
        long since = clockMovedBack(clock) ? now : time;
        long ticks = Math.max(0, now - since);
        long counted = refill == Refill.SMOOTH ? ticks : ticks / period() * period();
        bucket.level = level.add(BigInteger.valueOf(counted).multiply(BigInteger.valueOf(tokens())))
                .min(parts(capacity()));
        bucket.time = bucket.isFull() ? Math.max(now, since) : since + counted;
        bucket.sinceTime = now - bucket.time;
        return bucket;
    }

    @Override
    public boolean clockMovedBack(VirtualClock clock) {
        return ticks(clock) < time - ticksFor(parts(capacity()));
    }

    @Override
    public boolean isFull() {
        return level.equals(parts(capacity()));
    }

    @Override
    public long free() {
        return Math.max(0, thousandths());
    }

    @Override
    public long used() {
        return Math.min(capacity(), capacity() - thousandths());
    }

    @Override
    public OptionalLong ticksUntilAdmitted(long cost) {
        return cost > capacity() ? OptionalLong.empty() : OptionalLong.of(cost == 0 ? 0 : waitFor(parts(cost)));
    }

    @Override
    public boolean canWait() {
        return true;
    }

    @Override
    public long reset() {
        return waitFor(parts(capacity()));
    }

    @Override
    public long time() {
        return time + sinceTime;
    }

    @Override
    public void consume(long cost, long granted) {
        level = level.subtract(parts(cost));
    }

    @Override
    public void debit(long cost) {
        level = level.min(level.subtract(parts(cost)).max(parts(capacity()).negate()));
    }

    @Override
    public void refund(long cost, long granted) {
        if (time - granted < ticksFor(parts(capacity()))) {
            level = level.add(parts(cost)).min(parts(capacity()));
        }
    }

    @Override
    public boolean canMigrateFrom(RateModel other) {
        return samePeriod(other);
    }

    /** Converts the level by whole thousandths, unless both rates count in the same parts. */
    @Override
    public void migrateFrom(RateModel state) {
        TokenBucketModel other = (TokenBucketModel) state;
        boolean sameUnits = unitsPerThousandth().equals(other.unitsPerThousandth());
        level = (sameUnits ? other.level : parts(other.thousandths())).min(parts(capacity()));
        boolean continues = refill == other.refill && !(refill == Refill.INTERVAL && isFull());
        long now = time;
        time = continues ? other.time : Math.max(now, other.time);
        sinceTime = now - time;
    }

    @Override
    public void migrateFrom(long used) {
        level = parts(Math.max(0, capacity() - used));
    }

    private long thousandths() {
        BigInteger[] parts = level.divideAndRemainder(BigInteger.valueOf(period()));
        return parts[0].longValueExact() - (parts[1].signum() < 0 ? 1 : 0);
    }

    private BigInteger parts(long thousandths) {
        return BigInteger.valueOf(thousandths).multiply(BigInteger.valueOf(period()));
    }

    private BigInteger unitsPerThousandth() {
        BigInteger ticks = BigInteger.valueOf(period());
        return refill == Refill.INTERVAL ? BigInteger.ONE : ticks.divide(ticks.gcd(BigInteger.valueOf(tokens())));
    }

    private long waitFor(BigInteger wanted) {
        BigInteger missing = wanted.subtract(level);
        return missing.signum() <= 0 ? 0 : ticksFor(missing) - (refill == Refill.INTERVAL ? sinceTime : 0);
    }

    /** Returns the ticks in which the given parts refill: whole ticks, or whole periods under interval refill. */
    private long ticksFor(BigInteger parts) {
        long ticks = refill == Refill.INTERVAL ? period() : 1;
        BigInteger step = BigInteger.valueOf(tokens()).multiply(BigInteger.valueOf(ticks));
        return parts.add(step).subtract(BigInteger.ONE).divide(step).longValueExact() * ticks;
    }
}
