package io.ratelimit.benchmarks;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The calls of one table, which all of its contenders answer.
 *
 * @param title the title of the table
 * @param benchmark the class that makes the calls
 * @param params the JMH parameters of that class
 * @param threads the number of threads that call at the same time
 * @param warmup the length of the warm-up, as a multiple of the measurement
 * @param contenders the contenders, followed by the floors
 * @param floors the contenders with which all others are compared
 * @param comparison how they are compared
 */
record Workload(
        String title,
        Class<?> benchmark,
        Map<String, String> params,
        int threads,
        int warmup,
        List<? extends Contender> contenders,
        List<? extends Contender> floors,
        Comparison comparison) {

    private static final int WARMUP = 2;

    /** The warm-up of annotated methods. It is longer because the deep call stacks of a framework are compiled late. */
    private static final int FRAMEWORK_WARMUP = 6;

    /** Returns all workloads in memory, with one thread and with two. */
    static List<Workload> inMemory() {
        return Stream.of(1, 2)
                .flatMap(threads -> Stream.concat(
                        Stream.of(
                                oneKey("One hot key", BenchmarkLimit.PLENTY, threads),
                                oneKey("Rejected call", BenchmarkLimit.EXHAUSTED, threads),
                                manyKeys("A million keys, uniform", Popularity.UNIFORM, threads),
                                manyKeys("A million keys, zipfian", Popularity.ZIPFIAN, threads)),
                        Arrays.stream(CallTable.values())
                                .filter(table -> threads <= table.mostThreads())
                                .map(table -> calls(table, threads))))
                .toList();
    }

    /** Returns the workloads of annotated methods, with one thread and with two. */
    static List<Workload> ofAnnotations() {
        return Stream.of(1, 2)
                .map(threads -> new Workload(
                        titled("Annotated method", threads),
                        AnnotatedMethod.class,
                        Map.of(),
                        threads,
                        FRAMEWORK_WARMUP,
                        List.of(AnnotatedContender.values()),
                        AnnotatedContender.FLOORS,
                        Comparison.RATIO))
                .toList();
    }

    private static Workload oneKey(String title, BenchmarkLimit limit, int threads) {
        return new Workload(
                titled(title, threads),
                OneKey.class,
                Map.of("limit", limit.name()),
                threads,
                WARMUP,
                Stream.concat(InMemoryContender.LIMITERS.stream(), InMemoryContender.FLOORS.stream())
                        .toList(),
                InMemoryContender.FLOORS,
                Comparison.RATIO);
    }

    private static Workload manyKeys(String title, Popularity popularity, int threads) {
        return new Workload(
                titled(title, threads),
                ManyKeys.class,
                Map.of("popularity", popularity.name()),
                threads,
                WARMUP,
                InMemoryContender.KEYED,
                List.of(InMemoryContender.MAP_FLOOR),
                Comparison.RATIO);
    }

    private static Workload calls(CallTable table, int threads) {
        List<CallContender> contenders = table.contenders();
        return new Workload(
                titled(table.title(), threads),
                OneCall.class,
                Map.of("table", table.name()),
                threads,
                WARMUP,
                contenders,
                contenders.subList(0, 1),
                table.comparison());
    }

    private static String titled(String title, int threads) {
        return title + ", " + threads + (threads == 1 ? " thread" : " threads");
    }
}
