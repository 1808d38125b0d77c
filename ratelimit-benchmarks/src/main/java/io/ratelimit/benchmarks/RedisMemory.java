package io.ratelimit.benchmarks;

import io.ratelimit.test.redis.RedisServer;
import java.util.Locale;

/**
 * Measures the growth of a server's {@code used_memory} for each key of 14 bytes with a bucket neither full nor empty.
 */
final class RedisMemory {

    static final String TITLE = "100,000 keys, memory of the server";

    private static final long PAUSE_MILLIS = 300;

    private RedisMemory() {}

    static String table(RedisServer redis) throws InterruptedException {
        double floor = measured(redis, RedisContender.NUMBER_FLOOR);
        StringBuilder table =
                new StringBuilder("\n### ").append(TITLE).append("\n\n| | B/key | × one number |\n|---|--:|--:|\n");
        for (RedisContender contender : RedisContender.STORING) {
            double bytes = contender == RedisContender.NUMBER_FLOOR ? floor : measured(redis, contender);
            table.append(String.format(Locale.ROOT, "| %s | %.0f | %.2f |\n", contender.label(), bytes, bytes / floor));
        }
        return table.toString();
    }

    private static double measured(RedisServer redis, RedisContender contender) throws InterruptedException {
        redis.command("FLUSHALL");
        try (RedisNodes nodes = new RedisNodes(RedisNodes.address(redis), contender, BenchmarkLimit.PLENTY_EACH)) {
            nodes.prepare(1, 1);
            long before = stableMemory(redis);
            nodes.prepare(1, RedisWorkload.MANY_KEYS);
            return (double) (stableMemory(redis) - before) / RedisWorkload.MANY_KEYS;
        } finally {
            redis.command("FLUSHALL");
        }
    }

    /** Returns the used memory once it has been stable for a while, so that no rehashing distorts it. */
    private static long stableMemory(RedisServer redis) throws InterruptedException {
        long last;
        long now = used(redis);
        do {
            last = now;
            Thread.sleep(PAUSE_MILLIS);
            now = used(redis);
        } while (Math.abs(now - last) > RedisWorkload.MANY_KEYS / 10);
        return now;
    }

    private static long used(RedisServer redis) {
        return String.valueOf(redis.command("INFO", "memory"))
                .lines()
                .filter(line -> line.startsWith("used_memory:"))
                .mapToLong(line -> Long.parseLong(line.substring("used_memory:".length())))
                .findFirst()
                .orElseThrow();
    }
}
