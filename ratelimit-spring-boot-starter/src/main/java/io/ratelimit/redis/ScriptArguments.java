package io.ratelimit.redis;

import io.ratelimit.algorithm.CalendarWindows;
import io.ratelimit.algorithm.RateAlgorithm;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The arguments of one decision, in the order that the header of the script documents. */
final class ScriptArguments {

    private static final int MILLISECONDS = 2;
    private static final int INTERVAL = 1;

    private final List<byte[]> args = new ArrayList<>();
    private final CalendarWindowRange windows;
    private final String channel;

    /**
     * Creates the leading arguments.
     *
     * @param channel the channel on which free leases are published
     */
    ScriptArguments(String operation, int keys, long maxWaitMicros, CalendarWindowRange windows, String channel) {
        this.windows = windows;
        this.channel = channel;
        add(operation);
        add(keys);
        add(maxWaitMicros);
    }

    void add(long number) {
        add(Long.toString(number));
    }

    /** Adds the numbers of a rate, which its stored values begin with, and the lease of a charge. */
    void add(RateAlgorithm rate) {
        add(kind(rate));
        add(rate.period());
        add(rate.capacityThousandths());
        for (long field : rate.encodedFields()) {
            add(field);
        }
        switch (rate.algorithm()) {
            case FIXED_WINDOW -> addCalendar(rate.asCalendarWindows());
            case CONCURRENCY -> add(channel);
            case TOKEN_BUCKET, SLIDING_WINDOW, SLIDING_WINDOW_COUNTER -> {}
        }
    }

    byte[][] toArray() {
        return args.toArray(new byte[0][]);
    }

    private void addCalendar(@Nullable CalendarWindows calendar) {
        if (calendar == null) {
            add("");
            return;
        }
        add(calendar.toString());
        List<long[]> range = windows.of(calendar);
        add(range.size());
        for (long[] window : range) {
            add(window[0]);
            add(window[1]);
        }
    }

    private void add(String text) {
        args.add(text.getBytes(StandardCharsets.US_ASCII));
    }

    /** Returns the number of an algorithm. It is part of every stored value and never changes. */
    static int kind(RateAlgorithm rate) {
        int tick = rate.tickNanos() == 1_000 ? 0 : MILLISECONDS;
        return switch (rate.algorithm()) {
            case TOKEN_BUCKET -> tick + (rate.isInterval() ? INTERVAL : 0);
            case SLIDING_WINDOW -> 4 + tick;
            case SLIDING_WINDOW_COUNTER -> 8 + tick;
            case FIXED_WINDOW -> 12 + tick;
            case CONCURRENCY -> 16 + tick;
        };
    }
}
