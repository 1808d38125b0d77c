package io.ratelimit.benchmarks;

import java.util.List;
import java.util.stream.Stream;

/**
 * The same calls for all contenders: one table.
 *
 * @param title above the table
 * @param contenders who is called, and the floors last
 * @param quota what is answered
 * @param keys how many, asked for in turn
 * @param nodes with a limiter and connections of their own, among which the callers are spread
 * @param callers each of which waits for its answer before it calls again
 * @param async whether they wait without a thread
 */
record RedisWork(
        String title,
        List<RedisContender> contenders,
        BenchmarkQuota quota,
        int keys,
        int nodes,
        int callers,
        boolean async) {

    static final int MANY_KEYS = 100_000;

    /** How many tokens of a key a node may take before it asks the server, or grant before it tells the server. */
    static final int AHEAD = 100_000;

    static List<RedisWork> all() {
        return Stream.of(
                        Stream.of(1, 8, 64, 256).flatMap(callers -> admitted("One hot key", 1, callers)),
                        Stream.of(1, 8, 64, 256).flatMap(callers -> admitted("100,000 keys", MANY_KEYS, callers)),
                        Stream.of(1, 64).map(RedisWork::refused),
                        Stream.of(8, 32).map(RedisWork::ofNodes),
                        Stream.of(1, 2, 64).flatMap(RedisWork::ahead))
                .flatMap(works -> works)
                .toList();
    }

    private static Stream<RedisWork> admitted(String title, int keys, int callers) {
        return Stream.of(false, true)
                .map(async -> work(title, RedisContender.ASKED, BenchmarkQuota.PLENTY_EACH, keys, callers, async));
    }

    private static Stream<RedisWork> ahead(int callers) {
        String title = "One hot key, 100,000 tokens ahead";
        return Stream.of(
                work(title, RedisContender.AHEAD, BenchmarkQuota.PLENTY, 1, callers, false),
                work(title, RedisContender.AHEAD_ASYNC, BenchmarkQuota.PLENTY, 1, callers, true));
    }

    private static RedisWork work(
            String title, List<RedisContender> contenders, BenchmarkQuota quota, int keys, int callers, boolean async) {
        return new RedisWork(
                title + ", " + callersText(callers) + (async ? ", async" : ", sync"),
                contenders,
                quota,
                keys,
                1,
                callers,
                async);
    }

    private static RedisWork refused(int callers) {
        return new RedisWork(
                "Rejections of one exhausted key, " + callersText(callers) + ", sync",
                RedisContender.ASKED,
                BenchmarkQuota.EXHAUSTED,
                1,
                1,
                callers,
                false);
    }

    private static RedisWork ofNodes(int nodes) {
        return new RedisWork(
                "One hot key, " + nodes + " nodes of 8 callers, sync",
                RedisContender.OF_MANY_NODES,
                BenchmarkQuota.PLENTY_EACH,
                1,
                nodes,
                8 * nodes,
                false);
    }

    private static String callersText(int callers) {
        return callers + (callers == 1 ? " caller" : " callers");
    }
}
