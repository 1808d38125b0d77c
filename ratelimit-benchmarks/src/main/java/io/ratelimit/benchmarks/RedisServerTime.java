package io.ratelimit.benchmarks;

import io.ratelimit.test.redis.RedisServer;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/** Measures the CPU time of the server for each call of a single caller: the total, and the part in scripts. */
final class RedisServerTime {

    static final String TITLE = "One hot key, CPU time of the server";

    private static final int CALLS = 10_000;
    private static final List<RedisContender> CONTENDERS = Stream.of(
                    RedisContender.LIMITS, RedisContender.ALGORITHMS, RedisContender.DECIDING)
            .flatMap(List::stream)
            .distinct()
            .toList();

    private RedisServerTime() {}

    static String table(RedisServer redis, int rounds) {
        Map<RedisContender, List<Cost>> costs = new EnumMap<>(RedisContender.class);
        for (int round = 0; round < rounds; round++) {
            for (RedisContender contender : CONTENDERS) {
                costs.computeIfAbsent(contender, first -> new ArrayList<>()).add(measured(redis, contender));
            }
        }
        double floor = median(costs, RedisContender.SCRIPT_FLOOR);
        double stateFloor = median(costs, RedisContender.STATE_FLOOR);
        StringBuilder table = new StringBuilder("\n### ")
                .append(TITLE)
                .append(
                        "\n\n| | CPU µs/call | spread | × EVALSHA | × TIME, GET, SET | of that in scripts, µs |\n|---|--:|--:|--:|--:|--:|\n");
        costs.forEach((contender, measurements) -> {
            Spread all = Spread.of(measurements, Cost::all);
            table.append(String.format(
                    Locale.ROOT,
                    "| %s | %.1f | %.1f–%.1f | %.2f | %.2f | %.1f |\n",
                    contender.label(),
                    all.median(),
                    all.least(),
                    all.most(),
                    all.median() / floor,
                    all.median() / stateFloor,
                    Spread.of(measurements, Cost::executing).median()));
        });
        return table.toString();
    }

    private static double median(Map<RedisContender, List<Cost>> costs, RedisContender contender) {
        return Spread.of(Objects.requireNonNull(costs.get(contender)), Cost::all)
                .median();
    }

    private static Cost measured(RedisServer redis, RedisContender contender) {
        try (RedisLimiter limiter = contender.open(RedisNodes.address(redis), BenchmarkLimit.PLENTY_EACH)) {
            String key = "time-" + contender;
            call(limiter, key);
            redis.command("CONFIG", "RESETSTAT");
            double before = sum(redis, "cpu", "used_cpu_(sys|user):(.*)");
            call(limiter, key);
            double after = sum(redis, "cpu", "used_cpu_(sys|user):(.*)");
            return new Cost((after - before) * 1e6 / CALLS, executing(redis) / CALLS);
        } finally {
            redis.command("FLUSHALL");
        }
    }

    private static void call(RedisLimiter limiter, String key) {
        for (int i = 0; i < CALLS; i++) {
            limiter.tryAcquire(key);
        }
    }

    /** Returns the time in scripts and PING, in microseconds. The time of a script includes that of its commands. */
    private static double executing(RedisServer redis) {
        return sum(redis, "commandstats", "cmdstat_(eval|evalsha|ping):calls=\\d+,usec=(\\d+),.*");
    }

    private static double sum(RedisServer redis, String section, String line) {
        return String.valueOf(redis.command("INFO", section))
                .lines()
                .filter(each -> each.matches(line))
                .mapToDouble(each -> Double.parseDouble(each.replaceFirst(line, "$2")))
                .sum();
    }

    private record Cost(double all, double executing) {}
}
