package io.ratelimit.test;

import io.ratelimit.algorithm.Rate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/** Models a sliding window as a list of charges with their ticks. Each query counts the whole list again. */
final class SlidingWindowLogModel implements RateModel {

    private record Entry(long instant, long cost) {}

    private final Rate rate;
    private final List<Entry> entries = new ArrayList<>();
    private long time;

    SlidingWindowLogModel(Rate rate, VirtualClock clock) {
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
        SlidingWindowLogModel log = new SlidingWindowLogModel(rate, clock);
        boolean setBack = clockMovedBack(clock);
        log.time = setBack ? ticks(clock) : Math.max(ticks(clock), time);
        for (Entry entry : entries) {
            log.entries.add(setBack ? new Entry(Math.min(entry.instant, log.time), entry.cost) : entry);
        }
        log.entries.removeIf(entry -> entry.instant <= log.time - period());
        return log;
    }

    @Override
    public boolean clockMovedBack(VirtualClock clock) {
        return ticks(clock) < time - period();
    }

    @Override
    public boolean isFull() {
        return entries.isEmpty();
    }

    @Override
    public long free() {
        return Math.max(0, capacity() - liveAt(time));
    }

    @Override
    public long used() {
        return Math.min(capacity(), liveAt(time));
    }

    /** Tries every tick at which a charge leaves the window. */
    @Override
    public OptionalLong ticksUntilAdmitted(long cost) {
        if (cost > capacity()) {
            return OptionalLong.empty();
        }
        if (cost == 0) {
            return OptionalLong.of(0);
        }
        long promised = entries.stream().mapToLong(Entry::instant).max().orElse(time);
        List<Long> instants = new ArrayList<>(List.of(Math.max(time, promised)));
        entries.forEach(entry -> instants.add(Math.max(entry.instant + period(), promised)));
        return instants.stream()
                .mapToLong(Long::longValue)
                .filter(instant -> liveAt(instant) + cost <= capacity())
                .map(instant -> instant - time)
                .min();
    }

    @Override
    public boolean canWait() {
        return true;
    }

    @Override
    public long reset() {
        return entries.stream().mapToLong(Entry::instant).max().orElse(time - period()) + period() - time;
    }

    @Override
    public long time() {
        return time;
    }

    @Override
    public void consume(long cost, long granted) {
        entries.add(new Entry(granted, cost));
    }

    @Override
    public void debit(long cost) {
        long owed = Math.min(cost, 2 * capacity() - liveAt(time));
        if (owed > 0) {
            long promised = entries.stream().mapToLong(Entry::instant).max().orElse(time);
            entries.add(new Entry(Math.max(time, promised), owed));
        }
    }

    @Override
    public void refund(long cost, long granted) {
        long there = entries.stream()
                .filter(entry -> entry.instant == granted)
                .mapToLong(Entry::cost)
                .sum();
        int place = entries.stream().map(Entry::instant).toList().indexOf(granted);
        entries.removeIf(entry -> entry.instant == granted);
        if (there > cost) {
            entries.add(place, new Entry(granted, there - cost));
        }
    }

    @Override
    public boolean canMigrateFrom(RateModel other) {
        return samePeriod(other);
    }

    @Override
    public void migrateFrom(RateModel other) {
        entries.addAll(((SlidingWindowLogModel) other).entries);
        time = other.time();
    }

    @Override
    public void migrateFrom(long used) {
        if (used > 0) {
            entries.add(new Entry(time, Math.min(used, capacity())));
        }
    }

    private long liveAt(long instant) {
        return entries.stream()
                .filter(entry -> entry.instant > instant - period())
                .mapToLong(Entry::cost)
                .sum();
    }
}
