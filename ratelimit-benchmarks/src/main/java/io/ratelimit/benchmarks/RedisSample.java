package io.ratelimit.benchmarks;

import org.HdrHistogram.Histogram;

/**
 * What a limiter gave its callers in one round.
 *
 * @param perSecond calls that were answered
 * @param p50 microseconds that half of them took at most
 * @param p99 microseconds that all but a hundredth took at most
 */
record RedisSample(double perSecond, double p50, double p99) {

    static RedisSample of(Histogram nanos, double seconds) {
        return new RedisSample(
                nanos.getTotalCount() / seconds,
                nanos.getValueAtPercentile(50) / 1000.0,
                nanos.getValueAtPercentile(99) / 1000.0);
    }
}
