package io.ratelimit.benchmarks;

import org.HdrHistogram.Histogram;

/**
 * What a limiter gave its callers in one round.
 *
 * @param perSecond calls that were answered
 * @param p50 microseconds that half of them took at most
 * @param p99 microseconds that all but a hundredth took at most
 */
record RedisMeasurement(double perSecond, double p50, double p99) {

    static RedisMeasurement of(Histogram nanos, double seconds) {
        return new RedisMeasurement(
                nanos.getTotalCount() / seconds,
                nanos.getValueAtPercentile(50) / 1000.0,
                nanos.getValueAtPercentile(99) / 1000.0);
    }

    /** The opposite of {@link #toString()}. */
    static RedisMeasurement parse(String text) {
        String[] numbers = text.split(" ");
        return new RedisMeasurement(
                Double.parseDouble(numbers[0]), Double.parseDouble(numbers[1]), Double.parseDouble(numbers[2]));
    }

    /** {@return the three numbers, which {@link #parse} reads} */
    @Override
    public String toString() {
        return perSecond + " " + p50 + " " + p99;
    }
}
