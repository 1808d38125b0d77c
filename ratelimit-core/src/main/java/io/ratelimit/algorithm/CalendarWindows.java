package io.ratelimit.algorithm;

import java.time.Instant;
import java.time.ZoneId;

/**
 * The windows of a calendar in a time zone: the hours, days, weeks or months of that zone.
 *
 * <p>The last window that was looked up is cached, because nearly all calls fall into the current one.
 */
public final class CalendarWindows {

    private final CalendarPeriod calendar;
    private final ZoneId zone;
    private volatile Window last = new Window(0, 0);

    /**
     * Creates the windows of a calendar.
     *
     * @param calendar the unit of the calendar
     * @param zone the zone in which the windows begin
     */
    public CalendarWindows(CalendarPeriod calendar, ZoneId zone) {
        this.calendar = calendar;
        this.zone = zone;
    }

    private record Window(long start, long end) {}

    /**
     * Returns the start of the window that contains an instant.
     *
     * @param instant milliseconds since the epoch
     * @return its first millisecond
     */
    public long start(long instant) {
        return window(instant).start;
    }

    /**
     * Returns the end of the window that contains an instant.
     *
     * @param instant milliseconds since the epoch
     * @return the first millisecond of the next window
     */
    public long end(long instant) {
        return window(instant).end;
    }

    private Window window(long instant) {
        Window known = last;
        if (instant < known.start || instant >= known.end) {
            Instant[] around = calendar.around(Instant.ofEpochMilli(instant), zone);
            known = new Window(around[0].toEpochMilli(), around[1].toEpochMilli());
            last = known;
        }
        return known;
    }

    boolean isSame(CalendarWindows other) {
        return calendar == other.calendar && zone.equals(other.zone);
    }

    /** The calendar and the zone, such as {@code DAY Europe/Berlin}; remote stores keep it with their values. */
    @Override
    public String toString() {
        return calendar + " " + zone;
    }
}
