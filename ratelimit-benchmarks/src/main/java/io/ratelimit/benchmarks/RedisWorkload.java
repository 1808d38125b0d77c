package io.ratelimit.benchmarks;

import java.util.List;
import java.util.stream.Stream;

/**
 * The calls of one table, which all of its contenders answer.
 *
 * @param title the title of the table
 * @param contenders the contenders, followed by the floors
 * @param limit the limit, which determines whether calls are admitted
 * @param keys the number of keys, which are used in turn
 * @param nodes the number of nodes, each with its own limiter and connections, over which the callers are distributed
 * @param callers the number of callers, each of which waits for its result before it calls again
 * @param async true if callers wait without a thread
 */
record RedisWorkload(
        String title,
        List<RedisContender> contenders,
        BenchmarkLimit limit,
        int keys,
        int nodes,
        int callers,
        boolean async) {

    static final int MANY_KEYS = 100_000;

    /** The tokens of a key that a node may prefetch, or consume before it reports them to the server. */
    static final int PREFETCH = 100_000;

    static List<RedisWorkload> all() {
        return Stream.of(
                        Stream.of(1, 8, 64, 256).flatMap(callers -> admitted("One hot key", 1, callers)),
                        Stream.of(1, 8, 64, 256).flatMap(callers -> admitted("100,000 keys", MANY_KEYS, callers)),
                        Stream.of(64, 256).flatMap(RedisWorkload::ofLimits),
                        Stream.of(1, 64).map(RedisWorkload::rejected),
                        Stream.of(8, 32).map(RedisWorkload::onNodes),
                        Stream.of(1, 2, 64).flatMap(RedisWorkload::prefetching))
                .flatMap(workloads -> workloads)
                .toList();
    }

    private static Stream<RedisWorkload> admitted(String title, int keys, int callers) {
        return Stream.of(false, true)
                .map(async ->
                        workload(title, RedisContender.DECIDING, BenchmarkLimit.PLENTY_EACH, keys, callers, async));
    }

    private static Stream<RedisWorkload> ofLimits(int callers) {
        return Stream.of(
                workload(
                        "Limits of one call, one key",
                        RedisContender.LIMITS,
                        BenchmarkLimit.PLENTY_EACH,
                        1,
                        callers,
                        false),
                workload(
                        "Limits of one call, 10,000 keys",
                        RedisContender.LIMITS,
                        BenchmarkLimit.PLENTY_EACH,
                        10_000,
                        callers,
                        false));
    }

    private static Stream<RedisWorkload> prefetching(int callers) {
        String title = "One hot key, prefetch of 100,000 tokens";
        return Stream.of(
                workload(title, RedisContender.PREFETCH, BenchmarkLimit.PLENTY, 1, callers, false),
                workload(title, RedisContender.PREFETCH_ASYNC, BenchmarkLimit.PLENTY, 1, callers, true));
    }

    private static RedisWorkload workload(
            String title, List<RedisContender> contenders, BenchmarkLimit limit, int keys, int callers, boolean async) {
        return new RedisWorkload(
                title + ", " + callersText(callers) + (async ? ", async" : ", sync"),
                contenders,
                limit,
                keys,
                1,
                callers,
                async);
    }

    private static RedisWorkload rejected(int callers) {
        return new RedisWorkload(
                "Rejections of one exhausted key, " + callersText(callers) + ", sync",
                RedisContender.DECIDING,
                BenchmarkLimit.EXHAUSTED,
                1,
                1,
                callers,
                false);
    }

    private static RedisWorkload onNodes(int nodes) {
        return new RedisWorkload(
                "One hot key, " + nodes + " nodes of 8 callers, sync",
                RedisContender.ON_SEVERAL_NODES,
                BenchmarkLimit.PLENTY_EACH,
                1,
                nodes,
                8 * nodes,
                false);
    }

    private static String callersText(int callers) {
        return callers + (callers == 1 ? " caller" : " callers");
    }
}
