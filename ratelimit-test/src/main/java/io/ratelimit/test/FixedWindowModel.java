package io.ratelimit.test;

import io.ratelimit.algorithm.CalendarPeriod;
import io.ratelimit.algorithm.Rate;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Models fixed windows as the tokens consumed in each window, by the first tick of the window. */
final class FixedWindowModel implements RateModel {

    private final Rate rate;
    private final @Nullable CalendarPeriod calendar;
    private final ZoneId zone;
    private final TreeMap<Long, Long> windows = new TreeMap<>();
    private long time;

    FixedWindowModel(Rate rate, @Nullable CalendarPeriod calendar, ZoneId zone, VirtualClock clock) {
        this.rate = rate;
        this.calendar = calendar;
        this.zone = zone;
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
        FixedWindowModel now = new FixedWindowModel(rate, calendar, zone, clock);
        if (clockMovedBack(clock)) {
            long sum = windows.values().stream().mapToLong(Long::longValue).sum();
            if (sum > 0) {
                now.windows.put(start(now.time), sum);
            }
        } else {
            now.time = Math.max(now.time, time);
            now.windows.putAll(windows.tailMap(start(now.time)));
        }
        return now;
    }

    @Override
    public boolean clockMovedBack(VirtualClock clock) {
        return ticks(clock) < time - period();
    }

    @Override
    public boolean isFull() {
        return windows.isEmpty();
    }

    @Override
    public long free() {
        return Math.max(0, capacity() - taken());
    }

    @Override
    public long used() {
        return Math.min(capacity(), taken());
    }

    @Override
    public OptionalLong ticksUntilAdmitted(long cost) {
        if (cost > capacity()) {
            return OptionalLong.empty();
        }
        if (cost == 0 || windows.isEmpty()) {
            return OptionalLong.of(0);
        }
        long last = windows.lastKey();
        long start = windows.lastEntry().getValue() + cost <= capacity() ? last : next(last);
        return OptionalLong.of(Math.max(0, start - time));
    }

    @Override
    public boolean canWait() {
        return true;
    }

    @Override
    public long reset() {
        return windows.isEmpty() ? 0 : next(windows.lastKey()) - time;
    }

    @Override
    public long time() {
        return time;
    }

    @Override
    public void consume(long cost, long granted) {
        windows.merge(start(granted), cost, Long::sum);
    }

    @Override
    public void debit(long cost) {
        long owed = Math.min(cost, 2 * capacity() - taken());
        if (owed > 0) {
            consume(owed, windows.isEmpty() ? time : Math.max(time, windows.lastKey()));
        }
    }

    @Override
    public void refund(long cost, long granted) {
        windows.computeIfPresent(start(granted), (start, count) -> count > cost ? count - cost : null);
    }

    @Override
    public boolean canMigrateFrom(RateModel other) {
        return samePeriod(other)
                && other instanceof FixedWindowModel from
                && calendar == from.calendar
                && zone.equals(from.zone);
    }

    @Override
    public void migrateFrom(RateModel other) {
        windows.putAll(((FixedWindowModel) other).windows);
        time = other.time();
    }

    @Override
    public void migrateFrom(long used) {
        if (used > 0) {
            windows.put(start(time), Math.min(used, capacity()));
        }
    }

    private long taken() {
        return windows.values().stream().mapToLong(Long::longValue).sum();
    }

    private long start(long tick) {
        if (calendar == null) {
            return tick / period() * period();
        }
        ZonedDateTime local = Instant.ofEpochMilli(tick).atZone(zone);
        LocalDate date = local.toLocalDate();
        return switch (calendar) {
            case HOUR -> local.truncatedTo(ChronoUnit.HOURS).toInstant().toEpochMilli();
            case DAY -> midnight(date);
            case WEEK -> {
                while (date.getDayOfWeek().getValue() > 1) {
                    date = date.minusDays(1);
                }
                yield midnight(date);
            }
            case MONTH -> midnight(date.withDayOfMonth(1));
        };
    }

    /** Returns the first tick of the next window, found by trying each hour. */
    private long next(long start) {
        if (calendar == null) {
            return start + period();
        }
        long next = start;
        while (start(next) == start) {
            next += 3_600_000;
        }
        return start(next);
    }

    private long midnight(LocalDate date) {
        return date.atStartOfDay(zone).toInstant().toEpochMilli();
    }
}
