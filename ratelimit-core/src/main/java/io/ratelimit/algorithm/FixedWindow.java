package io.ratelimit.algorithm;

import java.time.ZoneId;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A fixed window: a counter that starts from zero in each window.
 *
 * <p>Windows follow one another without a gap. Each is as long as the rate's period, counted from the epoch
 * (1970-01-01T00:00Z), so that {@code 100/1h} counts from full hour to full hour. With a calendar, they are the hours,
 * days, weeks or months of a time zone. A call of n tokens fits if they and the count of its window are at most N
 * together. After a hundred calls on {@code 100/1h} at 9:59, the next one fits at 10:00.
 *
 * <p>The count is exact within one window, but not across two: N tokens at the end of one window and N at the start of
 * the next may be consumed immediately after each other. Choose it for quotas that are defined by such windows, for
 * example a thousand calls a day until midnight. Most API gateways implement quotas in this way.
 *
 * <p>A reservation is counted in a future window, and never in a window before that of an earlier reservation.
 */
final class FixedWindow implements RateAlgorithm {

    private static final int TIME = 0;
    private static final int FIRST = 1;
    private static final int START = 0;
    private static final int END = 1;
    private static final int COUNT = 2;
    private static final int ENTRY = 3;
    private static final int FREE = 1;
    private static final int WAIT = 2;
    private static final int UNTIL_FULL = 3;

    private final long tickNanos;
    private final long period;
    private final long most;
    private final @Nullable CalendarWindows calendar;

    private FixedWindow(Rate rate, @Nullable CalendarWindows calendar) {
        this.tickNanos = Rate.tick(rate.period()).toNanos();
        this.period = Rate.ticks(rate.period());
        this.most = Tokens.exactly(rate.tokens());
        this.calendar = calendar;
    }

    /**
     * Creates the windows of a rate.
     *
     * @param rate the rate
     * @param calendar the calendar; null for windows of the rate's period since the epoch
     * @param zone the calendar's time zone, ignored without a calendar
     * @return the windows
     * @throws InvalidLimitException if the rate has a burst, a period of more than 10,000 days, or one that is not the
     *     calendar's
     */
    static FixedWindow of(Rate rate, @Nullable CalendarPeriod calendar, ZoneId zone) {
        rate.requireWindow(Algorithm.FIXED_WINDOW);
        if (calendar != null && !rate.period().equals(calendar.nominal())) {
            throw new InvalidLimitException(
                    "rate",
                    rate,
                    "the windows are those of the calendar",
                    "write " + Tokens.text(rate.tokens()) + "/" + PeriodFormat.text(calendar.nominal()) + " for a "
                            + calendar.text());
        }
        return new FixedWindow(rate, calendar == null ? null : new CalendarWindows(calendar, zone));
    }

    @Override
    public @Nullable CalendarWindows asCalendarWindows() {
        return calendar;
    }

    private long start(long tick) {
        return calendar == null ? Math.floorDiv(tick, period) * period : calendar.start(tick);
    }

    private long end(long tick) {
        return calendar == null ? Math.floorDiv(tick, period) * period + period : calendar.end(tick);
    }

    @Override
    public Algorithm algorithm() {
        return Algorithm.FIXED_WINDOW;
    }

    @Override
    public long tickNanos() {
        return tickNanos;
    }

    @Override
    public long period() {
        return period;
    }

    @Override
    public long capacityThousandths() {
        return most;
    }

    @Override
    public long[] full(long now) {
        return new long[] {now};
    }

    @Override
    public boolean clockMovedBack(long[] state, long now) {
        return now < state[TIME] - period;
    }

    /**
     * Drops windows that ended. If the clock {@linkplain #clockMovedBack moved far back}, all counts move to the
     * current window.
     */
    @Override
    public long[] advance(long[] state, long now) {
        if (clockMovedBack(state, now)) {
            long count = count(state, FIRST);
            return count == 0 ? full(now) : counted(new long[] {now}, now, count);
        }
        long time = Math.max(now, state[TIME]);
        int first = firstLive(state, time);
        long[] live = state;
        if (first > FIRST) {
            live = new long[FIRST + state.length - first];
            System.arraycopy(state, first, live, FIRST, state.length - first);
        }
        live[TIME] = time;
        return live;
    }

    /** Returns the index of the first window that has not ended at the given time; the length if all have. */
    private static int firstLive(long[] state, long time) {
        int first = FIRST;
        while (first < state.length && state[first + END] <= time) {
            first += ENTRY;
        }
        return first;
    }

    @Override
    public boolean isFull(long[] state) {
        return state.length == FIRST;
    }

    /**
     * Records the free tokens, the ticks until the cost fits, and the ticks until the last window with a count ends.
     */
    @Override
    public void observe(long[] state, long now, long cost, Observations observations, int rate) {
        long time = Math.max(now, state[TIME]);
        int first = firstLive(state, time);
        long wait = Math.max(0, earliest(state, first, time, cost) - time);
        observations.set(rate, time, most - count(state, first), wait, ticksUntilFull(state, first, time));
    }

    /**
     * Projects any cost if only the current window has a count. Otherwise projects only the rejected cost, because the
     * observations do not contain the counts.
     */
    @Override
    public boolean project(
            Observations observations, int rate, long elapsed, long rejected, long cost, Observations later) {
        long instant = observations.instant(rate);
        long free = observations.get(rate, FREE);
        long untilFull = observations.get(rate, UNTIL_FULL);
        boolean single = instant + untilFull <= end(instant);
        if (cost != rejected && !single) {
            return false;
        }
        long wait = !single ? observations.get(rate, WAIT) : cost <= free || cost > most ? 0 : untilFull;
        boolean fits = cost <= most && elapsed >= wait;
        later.set(
                rate,
                instant + elapsed,
                elapsed >= untilFull ? most : fits ? Math.max(free, cost) : free,
                Math.max(0, wait - elapsed),
                Math.max(0, untilFull - elapsed));
        return true;
    }

    @Override
    public void spend(Observations observations, int rate, Observations older, long spent) {
        observations.set(rate, FREE, Math.min(most, observations.get(rate, FREE) - spent));
        if (spent < 0) {
            observations.setInstant(rate, older.instant(rate));
        }
    }

    @Override
    public long[] consume(long[] state, long cost, long granted) {
        return counted(state, granted, cost);
    }

    @Override
    public long[] debit(long[] state, long cost) {
        long owing = Math.min(cost, 2 * most - count(state, FIRST));
        long last = isFull(state) ? state[TIME] : Math.max(state[TIME], state[state.length - ENTRY + START]);
        return owing <= 0 ? state : counted(state, last, owing);
    }

    @Override
    public long[] refund(long[] state, long cost, long granted) {
        for (int i = FIRST; i < state.length; i += ENTRY) {
            if (state[i + START] <= granted && granted < state[i + END]) {
                state[i + COUNT] = Math.max(0, state[i + COUNT] - cost);
                return state[i + COUNT] > 0 ? state : without(state, i);
            }
        }
        return state;
    }

    @Override
    public long used(long[] state) {
        return Math.min(most, count(state, FIRST));
    }

    @Override
    public long[] fullWithUsed(long used, long now) {
        return used == 0 ? full(now) : counted(full(now), now, Math.min(most, used));
    }

    @Override
    public boolean canMigrateFrom(RateAlgorithm other) {
        return RateAlgorithm.super.canMigrateFrom(other)
                && other instanceof FixedWindow from
                && (calendar == null ? from.calendar == null : from.calendar != null && calendar.isSame(from.calendar));
    }

    /**
     * True if one window of this rate is made up of, or contained in, windows of the other rate that together hold at
     * most as many tokens.
     */
    @Override
    public boolean isRedundantBeside(RateAlgorithm stricter) {
        long nanos = period * tickNanos;
        long other = stricter.period() * stricter.tickNanos();
        boolean aligned = calendar == null && (nanos % other == 0 || other % nanos == 0);
        long windows = Math.max(1, nanos / other);
        return aligned && stricter instanceof FixedWindow && stricter.capacityThousandths() <= most / windows;
    }

    @Override
    public long ticksUntilFull(long[] state) {
        return ticksUntilFull(state, FIRST, state[TIME]);
    }

    private static long ticksUntilFull(long[] state, int first, long time) {
        return first == state.length ? 0 : state[state.length - ENTRY + END] - time;
    }

    @Override
    public long ticksUntilAdmitted(Observations observations, int rate, long cost) {
        return cost > most ? NEVER : cost == 0 ? 0 : observations.get(rate, WAIT);
    }

    @Override
    public long remaining(Observations observations, int rate, long consumed) {
        return Math.max(0, observations.get(rate, FREE) - consumed);
    }

    @Override
    public long ticksUntilReset(Observations observations, int rate, long consumed, long wait) {
        return consumed > 0
                ? end(observations.instant(rate) + wait) - observations.instant(rate)
                : observations.get(rate, UNTIL_FULL);
    }

    /** Returns the instant at which a cost fits: in the last window with a count, or at the start of the next. */
    private long earliest(long[] state, int first, long time, long cost) {
        if (first == state.length || cost == 0 || cost > most) {
            return time;
        }
        int lastWindow = state.length - ENTRY;
        return cost <= most - state[lastWindow + COUNT] ? state[lastWindow + START] : state[lastWindow + END];
    }

    /** Adds to the count of the window of an instant, which is the last window with a count or a later one. */
    private long[] counted(long[] state, long granted, long cost) {
        int length = state.length;
        if (length > FIRST && granted < state[length - ENTRY + END]) {
            state[length - ENTRY + COUNT] += cost;
            return state;
        }
        long[] next = Arrays.copyOf(state, length + ENTRY);
        next[length + START] = start(granted);
        next[length + END] = end(granted);
        next[length + COUNT] = cost;
        return next;
    }

    /** Returns the count of a window and those after it. */
    private static long count(long[] state, int first) {
        long count = 0;
        for (int i = first; i < state.length; i += ENTRY) {
            count += state[i + COUNT];
        }
        return count;
    }

    private static long[] without(long[] state, int entry) {
        long[] shorter = new long[state.length - ENTRY];
        System.arraycopy(state, 0, shorter, 0, entry);
        System.arraycopy(state, entry + ENTRY, shorter, entry, state.length - entry - ENTRY);
        return shorter;
    }
}
