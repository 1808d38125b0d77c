package io.ratelimit.benchmarks;

import java.time.Duration;
import java.util.function.LongConsumer;
import org.HdrHistogram.Histogram;

/**
 * The times of calls that one thread makes in a loop.
 *
 * @param nanos the mean of calls that are not timed one by one, in nanoseconds; infinite if the thread made none
 * @param p999Micros the 99.9th percentile of calls that are, in microseconds
 */
record CallTimes(double nanos, double p999Micros) {

    private static final int CALLS = 64;

    /** Measures from now on. */
    static CallTimes of(Duration measured, LongConsumer call) {
        return of(System.nanoTime(), measured, call);
    }

    /**
     * Warms up, then measures the mean, and then the percentile, each for the given time. Threads with the same start
     * do so at the same time, whenever each of them is scheduled.
     *
     * @param start when the warm-up begins, by {@link System#nanoTime}
     * @param call gets the number of the call, from 0 on
     */
    static CallTimes of(long start, Duration measured, LongConsumer call) {
        Histogram times = new Histogram(3);
        long warm = start + measured.toNanos();
        long counted = warm + measured.toNanos();
        long timed = counted + measured.toNanos();
        long first = callUntil(warm, 0, call);
        long last = callUntil(counted, first, call);
        long now = System.nanoTime();
        for (long number = last; now - timed < 0; number++) {
            long begun = System.nanoTime();
            call.accept(number);
            now = System.nanoTime();
            times.recordValue(now - begun);
        }
        return new CallTimes((double) measured.toNanos() / (last - first), times.getValueAtPercentile(99.9) / 1e3);
    }

    /** Returns the number of the next call. */
    private static long callUntil(long end, long first, LongConsumer call) {
        long number = first;
        while (System.nanoTime() - end < 0) {
            for (int i = 0; i < CALLS; i++) {
                call.accept(number++);
            }
        }
        return number;
    }

    /** Returns an index below a bound. The indices of successive calls are spread evenly and in no visible order. */
    static int scattered(long number, int bound) {
        return (int) ((number * 0x9E3779B97F4A7C15L >>> 32) * bound >>> 32);
    }
}
