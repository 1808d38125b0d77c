package io.ratelimit.benchmarks;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/** Formats the measurements of one workload on Redis as a Markdown table, with ratios to the EVALSHA floor. */
final class RedisTable {

    private RedisTable() {}

    static String of(RedisWorkload workload, Map<RedisContender, List<RedisMeasurement>> measurements) {
        Spread floor = Spread.of(measured(RedisContender.SCRIPT_FLOOR, measurements), RedisMeasurement::perSecond);
        Spread floorP99 = Spread.of(measured(RedisContender.SCRIPT_FLOOR, measurements), RedisMeasurement::p99);
        StringBuilder table = new StringBuilder("### ")
                .append(workload.title())
                .append("\n\n| | calls/s | spread | × EVALSHA | p50 µs | p99 µs | × EVALSHA |\n|---|")
                .append("--:|".repeat(6))
                .append('\n');
        for (RedisContender contender : workload.contenders()) {
            List<RedisMeasurement> own = measured(contender, measurements);
            Spread calls = Spread.of(own, RedisMeasurement::perSecond);
            Spread p99 = Spread.of(own, RedisMeasurement::p99);
            table.append(String.format(
                    Locale.ROOT,
                    "| %s | %.0f | %.0f–%.0f | %.2f | %.0f | %.0f | %.2f |\n",
                    contender.label(),
                    calls.median(),
                    calls.least(),
                    calls.most(),
                    calls.median() / floor.median(),
                    Spread.of(own, RedisMeasurement::p50).median(),
                    p99.median(),
                    p99.median() / floorP99.median()));
        }
        return table.toString();
    }

    private static List<RedisMeasurement> measured(
            RedisContender contender, Map<RedisContender, List<RedisMeasurement>> measurements) {
        return Objects.requireNonNull(measurements.get(contender), contender.label());
    }
}
