package io.ratelimit.redis;

import io.ratelimit.algorithm.CalendarWindows;
import java.util.ArrayList;
import java.util.List;

/**
 * For which time a script is told the windows of a calendar, which it cannot compute. They reach from the window before the
 * server's time to the one after the latest grant, but are at most {@value #MOST}: a script that grants later than that
 * says so, and is told the windows from there on as well.
 *
 * @param now the server's time as far as it is known, in milliseconds
 * @param latest of the grants that the call allows
 * @param untold an instant whose window the script missed; {@code now} if it missed none
 */
record CalendarWindowRange(long now, long latest, long untold) {

    private static final int MOST = 32;
    private static final int START = 0;
    private static final int END = 1;

    static CalendarWindowRange around(long now, long maxWaitMillis) {
        return new CalendarWindowRange(now, now + maxWaitMillis, now);
    }

    /** The windows to tell after a script has missed one. */
    CalendarWindowRange with(long millis, long missed) {
        return new CalendarWindowRange(millis, millis + latest - now, missed);
    }

    /** Start and end of each window. */
    List<long[]> of(CalendarWindows calendar) {
        List<long[]> windows = new ArrayList<>(4);
        add(windows, calendar, calendar.start(now) - 1);
        if (untold < windows.get(0)[START] || untold >= windows.get(windows.size() - 1)[END]) {
            add(windows, calendar, untold);
        }
        return windows;
    }

    private void add(List<long[]> windows, CalendarWindows calendar, long from) {
        long[] window = window(calendar, from);
        windows.add(window);
        for (int i = 1; i < MOST && (i == 1 || window[START] <= latest); i++) {
            window = window(calendar, window[END]);
            windows.add(window);
        }
    }

    private static long[] window(CalendarWindows calendar, long instant) {
        return new long[] {calendar.start(instant), calendar.end(instant)};
    }
}
