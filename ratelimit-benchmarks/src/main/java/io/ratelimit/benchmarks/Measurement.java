package io.ratelimit.benchmarks;

import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;

/**
 * The cost of a call in one round.
 *
 * @param nanos the time of a call in one thread, in nanoseconds
 * @param bytes the heap that a call allocates, in bytes
 */
record Measurement(double nanos, double bytes) {

    static Measurement of(RunResult result) {
        Result<?> bytes = result.getSecondaryResults().get("gc.alloc.rate.norm");
        if (bytes == null) {
            throw new IllegalArgumentException(
                    "The result has no allocation rate; run the benchmark with the gc profiler");
        }
        return new Measurement(result.getPrimaryResult().getScore(), bytes.getScore());
    }
}
