package io.ratelimit.benchmarks;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The same calls for all contenders: one table.
 *
 * @param title above the table
 * @param benchmark the class that makes the calls
 * @param params of the class, which say which calls
 * @param threads that call at once
 * @param warmup how many times as long as the measurement the warm-up is
 * @param contenders who is called, and the floors last
 * @param floors those of the contenders that the others are compared to
 */
record Work(
        String title,
        Class<?> benchmark,
        Map<String, String> params,
        int threads,
        int warmup,
        List<? extends Contestant> contenders,
        List<? extends Contestant> floors) {

    private static final int WARMUP = 2;

    /** Deep stacks of a framework are compiled late. */
    private static final int FRAMEWORK_WARMUP = 6;

    /** Everything that JMH measures in memory: each work with one thread and with two. */
    static List<Work> inMemory() {
        return Stream.of(1, 2)
                .flatMap(threads -> Stream.of(
                        oneKey("One hot key", BenchmarkQuota.PLENTY, threads),
                        oneKey("Refused call", BenchmarkQuota.EXHAUSTED, threads),
                        manyKeys("A million keys, uniform", Popularity.UNIFORM, threads),
                        manyKeys("A million keys, zipfian", Popularity.ZIPFIAN, threads),
                        fiveRates(threads)))
                .toList();
    }

    /** What an annotated method costs: with one thread and with two. */
    static List<Work> ofAnnotations() {
        return Stream.of(1, 2)
                .map(threads -> new Work(
                        titled("Annotated method", threads),
                        AnnotatedMethod.class,
                        Map.of(),
                        threads,
                        FRAMEWORK_WARMUP,
                        List.of(AnnotatedContender.values()),
                        AnnotatedContender.FLOORS))
                .toList();
    }

    private static Work oneKey(String title, BenchmarkQuota quota, int threads) {
        return new Work(
                titled(title, threads),
                OneKey.class,
                Map.of("quota", quota.name()),
                threads,
                WARMUP,
                Stream.concat(Contender.LIMITERS.stream(), Contender.FLOORS.stream())
                        .toList(),
                Contender.FLOORS);
    }

    private static Work manyKeys(String title, Popularity popularity, int threads) {
        return new Work(
                titled(title, threads),
                ManyKeys.class,
                Map.of("popularity", popularity.name()),
                threads,
                WARMUP,
                Contender.WITH_MAPS,
                List.of(Contender.MAP_FLOOR));
    }

    private static Work fiveRates(int threads) {
        return new Work(
                titled("Five rates on a limit", threads),
                OneKey.class,
                Map.of("quota", BenchmarkQuota.PLENTY.name()),
                threads,
                WARMUP,
                List.of(Contender.RATELIMIT_FIVE_RATES, Contender.BUCKET4J_FIVE_RATES, Contender.RATELIMIT),
                List.of(Contender.RATELIMIT));
    }

    private static String titled(String title, int threads) {
        return title + ", " + threads + (threads == 1 ? " thread" : " threads");
    }
}
