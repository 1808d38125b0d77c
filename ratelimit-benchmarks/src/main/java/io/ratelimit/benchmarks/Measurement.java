package io.ratelimit.benchmarks;

import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;

/**
 * What a call cost in one round.
 *
 * @param nanos nanoseconds of one thread
 * @param bytes of heap that it allocated
 */
record Measurement(double nanos, double bytes) {

    static Measurement of(RunResult result) {
        Result<?> bytes = result.getSecondaryResults().get("gc.alloc.rate.norm");
        if (bytes == null) {
            throw new IllegalArgumentException("No allocation in the result; run it with the gc profiler");
        }
        return new Measurement(result.getPrimaryResult().getScore(), bytes.getScore());
    }
}
