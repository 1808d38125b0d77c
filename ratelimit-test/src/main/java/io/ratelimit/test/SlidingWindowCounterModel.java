package io.ratelimit.test;

import io.ratelimit.algorithm.Rate;
import java.math.BigInteger;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.TreeMap;

/** Models a sliding window counter as the tokens consumed in each window, of which the last two count. */
final class SlidingWindowCounterModel implements RateModel {

    private static final long MOST_STEPS = 1 << 20;

    private final Rate rate;
    private final TreeMap<Long, Long> windows = new TreeMap<>();
    private long time;

    SlidingWindowCounterModel(Rate rate, VirtualClock clock) {
        this.rate = rate;
        this.time = ticks(clock);
    }

    @Override
    public Duration duration() {
        return rate.period();
    }

    @Override
    public long tokens() {
        return RateModel.thousandths(rate.tokens());
    }

    @Override
    public long capacity() {
        return RateModel.thousandths(rate.burst());
    }

    @Override
    public RateModel now(VirtualClock clock) {
        SlidingWindowCounterModel counter = new SlidingWindowCounterModel(rate, clock);
        counter.time = clockMovedBack(clock) ? ticks(clock) : Math.max(ticks(clock), time);
        long shift = clockMovedBack(clock) ? counter.window() - window() : 0;
        windows.forEach((window, count) -> counter.windows.put(window + shift, count));
        counter.windows.headMap(counter.window() - 1).clear();
        return counter;
    }

    @Override
    public boolean clockMovedBack(VirtualClock clock) {
        return ticks(clock) < time - 2 * period();
    }

    @Override
    public boolean isFull() {
        return windows.isEmpty();
    }

    @Override
    public long free() {
        return freeAt(time);
    }

    @Override
    public long used() {
        return capacity() - freeAt(time);
    }

    /** Finds the first tick at which the cost fits, by a binary search up to the tick at which the counter is full. */
    @Override
    public OptionalLong ticksUntilAdmitted(long cost) {
        if (cost > capacity()) {
            return OptionalLong.empty();
        }
        long fits = time + 2 * period();
        for (long tooSoon = time - 1; fits - tooSoon > 1; ) {
            long middle = tooSoon + (fits - tooSoon) / 2;
            if (cost == 0 || cost <= freeAt(middle)) {
                fits = middle;
            } else {
                tooSoon = middle;
            }
        }
        return OptionalLong.of(fits - time);
    }

    @Override
    public boolean canWait() {
        return false;
    }

    @Override
    public long reset() {
        return windows.isEmpty() ? 0 : (windows.lastKey() + 2) * period() - time;
    }

    @Override
    public long time() {
        return time;
    }

    @Override
    public void consume(long cost, long granted) {
        windows.merge(window(), cost, Long::sum);
    }

    @Override
    public void debit(long cost) {
        long owed = Math.min(cost, 2 * capacity() - takenAt(time));
        if (owed > 0) {
            consume(owed, time);
        }
    }

    @Override
    public void refund(long cost, long granted) {
        windows.computeIfPresent(granted / period(), (window, count) -> count > cost ? count - cost : null);
    }

    @Override
    public boolean canMigrateFrom(RateModel other) {
        return samePeriod(other);
    }

    @Override
    public void migrateFrom(RateModel other) {
        windows.putAll(((SlidingWindowCounterModel) other).windows);
        time = other.time();
    }

    @Override
    public void migrateFrom(long used) {
        if (used > 0) {
            windows.put(window(), Math.min(used, capacity()));
        }
    }

    private long freeAt(long tick) {
        return Math.max(0, capacity() - takenAt(tick));
    }

    /** Returns the count of this window plus the share of the last window's count that still overlaps, rounded up. */
    private long takenAt(long tick) {
        long mostSteps = Math.min(MOST_STEPS, (1L << 52) / capacity());
        long step = up(period(), mostSteps);
        BigInteger steps = BigInteger.valueOf(up(period(), step));
        long elapsed = tick % period() / step;
        BigInteger inSight = BigInteger.valueOf(windows.getOrDefault(tick / period() - 1, 0L))
                .multiply(steps.subtract(BigInteger.valueOf(elapsed)));
        long rounded = inSight.add(steps).subtract(BigInteger.ONE).divide(steps).longValueExact();
        return windows.getOrDefault(tick / period(), 0L) + rounded;
    }

    private long window() {
        return time / period();
    }

    private static long up(long dividend, long divisor) {
        return (dividend + divisor - 1) / divisor;
    }
}
