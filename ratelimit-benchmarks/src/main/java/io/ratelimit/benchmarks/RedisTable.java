package io.ratelimit.benchmarks;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/** Writes the samples of one work on Redis as a Markdown table: medians, their spread, and ratios to the EVALSHA floor. */
final class RedisTable {

    private RedisTable() {}

    static String of(RedisWork work, Map<RedisContender, List<RedisSample>> samples) {
        Spread floor = Spread.of(measured(RedisContender.SCRIPT_FLOOR, samples), RedisSample::perSecond);
        Spread floorP99 = Spread.of(measured(RedisContender.SCRIPT_FLOOR, samples), RedisSample::p99);
        StringBuilder table = new StringBuilder("### ")
                .append(work.title())
                .append("\n\n| | calls/s | spread | × EVALSHA | p50 µs | p99 µs | × EVALSHA |\n|---|")
                .append("--:|".repeat(6))
                .append('\n');
        for (RedisContender contender : work.contenders()) {
            List<RedisSample> own = measured(contender, samples);
            Spread calls = Spread.of(own, RedisSample::perSecond);
            Spread p99 = Spread.of(own, RedisSample::p99);
            table.append(String.format(
                    Locale.ROOT,
                    "| %s | %.0f | %.0f–%.0f | %.2f | %.0f | %.0f | %.2f |\n",
                    contender.label(),
                    calls.median(),
                    calls.least(),
                    calls.most(),
                    calls.median() / floor.median(),
                    Spread.of(own, RedisSample::p50).median(),
                    p99.median(),
                    p99.median() / floorP99.median()));
        }
        return table.toString();
    }

    private static List<RedisSample> measured(
            RedisContender contender, Map<RedisContender, List<RedisSample>> samples) {
        return Objects.requireNonNull(samples.get(contender), contender.label());
    }
}
