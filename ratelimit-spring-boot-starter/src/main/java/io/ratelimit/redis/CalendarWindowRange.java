package io.ratelimit.redis;

import io.ratelimit.algorithm.CalendarWindows;
import java.util.ArrayList;
import java.util.List;

/**
 * The range of time whose calendar windows a call of the script includes, because the script cannot compute them. It
 * reaches from the window before the server's time to the window after the latest grant, but has at most {@value #MOST}
 * windows. If the script needs a window outside of the range, it replies an instant of that window, and is called again
 * with the windows from that instant on.
 *
 * @param now the estimated time of the server, in milliseconds since the epoch
 * @param latest the latest grant that the call allows, in milliseconds since the epoch
 * @param missed an instant whose window the script missed; {@code now} if it missed none
 */
record CalendarWindowRange(long now, long latest, long missed) {

    private static final int MOST = 32;
    private static final int START = 0;
    private static final int END = 1;

    static CalendarWindowRange around(long now, long maxWaitMillis) {
        return new CalendarWindowRange(now, now + maxWaitMillis, now);
    }

    /** Returns the range to send after the script missed a window. */
    CalendarWindowRange with(long millis, long missed) {
        return new CalendarWindowRange(millis, millis + latest - now, missed);
    }

    /** Returns the start and the end of each window. */
    List<long[]> of(CalendarWindows calendar) {
        List<long[]> windows = new ArrayList<>(4);
        add(windows, calendar, calendar.start(now) - 1);
        if (missed < windows.get(0)[START] || missed >= windows.get(windows.size() - 1)[END]) {
            add(windows, calendar, missed);
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
