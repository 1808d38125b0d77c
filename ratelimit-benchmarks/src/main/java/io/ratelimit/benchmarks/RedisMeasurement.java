package io.ratelimit.benchmarks;

import org.HdrHistogram.Histogram;

/**
 * The throughput and latency of a limiter in one round.
 *
 * @param perSecond completed calls per second
 * @param p50 the median time of a call, in microseconds
 * @param p99 the 99th percentile of the time of a call, in microseconds
 */
record RedisMeasurement(double perSecond, double p50, double p99) {

    static RedisMeasurement of(Histogram nanos, double seconds) {
        return new RedisMeasurement(
                nanos.getTotalCount() / seconds,
                nanos.getValueAtPercentile(50) / 1000.0,
                nanos.getValueAtPercentile(99) / 1000.0);
    }

    /** Parses the text that {@link #toString()} returns. */
    static RedisMeasurement parse(String text) {
        String[] numbers = text.split(" ");
        return new RedisMeasurement(
                Double.parseDouble(numbers[0]), Double.parseDouble(numbers[1]), Double.parseDouble(numbers[2]));
    }

    /** {@return the three figures, separated by spaces} */
    @Override
    public String toString() {
        return perSecond + " " + p50 + " " + p99;
    }
}
