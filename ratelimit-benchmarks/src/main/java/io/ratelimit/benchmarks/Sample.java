package io.ratelimit.benchmarks;

import java.util.List;
import java.util.function.ToDoubleFunction;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;

/**
 * What a call cost in one round.
 *
 * @param nanos nanoseconds of one thread
 * @param bytes of heap that it allocated
 */
record Sample(double nanos, double bytes) {

    static Sample of(RunResult result) {
        Result<?> bytes = result.getSecondaryResults().get("gc.alloc.rate.norm");
        if (bytes == null) {
            throw new IllegalArgumentException("No allocation in the result; run it with the gc profiler");
        }
        return new Sample(result.getPrimaryResult().getScore(), bytes.getScore());
    }

    static double median(List<Sample> samples, ToDoubleFunction<Sample> figure) {
        double[] sorted = samples.stream().mapToDouble(figure).sorted().toArray();
        return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
    }

    static double least(List<Sample> samples) {
        return samples.stream().mapToDouble(Sample::nanos).min().orElseThrow();
    }

    static double most(List<Sample> samples) {
        return samples.stream().mapToDouble(Sample::nanos).max().orElseThrow();
    }
}
