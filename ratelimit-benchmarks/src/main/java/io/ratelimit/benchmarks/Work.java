package io.ratelimit.benchmarks;

import java.util.List;
import java.util.stream.Stream;

/**
 * The same calls for all contenders: one table.
 *
 * @param title above the table
 * @param benchmark the class that makes the calls
 * @param param the parameter of the class that says which calls
 * @param value of the parameter
 * @param threads that call at once
 * @param contenders who is called, and the floors last
 */
record Work(String title, Class<?> benchmark, String param, String value, int threads, List<Contender> contenders) {

    /** Everything that is measured in memory: each work with one thread and with two. */
    static List<Work> inMemory() {
        return Stream.of(1, 2)
                .flatMap(threads -> Stream.of(
                        oneKey("One hot key", Quota.PLENTY, threads),
                        oneKey("Refused call", Quota.EXHAUSTED, threads),
                        manyKeys("A million keys, uniform", Popularity.UNIFORM, threads),
                        manyKeys("A million keys, zipfian", Popularity.ZIPFIAN, threads)))
                .toList();
    }

    List<Contender> floors() {
        return contenders.stream().filter(Contender::isFloor).toList();
    }

    private static Work oneKey(String title, Quota quota, int threads) {
        return new Work(
                titled(title, threads), OneKey.class, "quota", quota.name(), threads, List.of(Contender.values()));
    }

    private static Work manyKeys(String title, Popularity popularity, int threads) {
        List<Contender> contenders = Stream.of(Contender.values())
                .filter(contender -> contender != Contender.CAS_FLOOR)
                .toList();
        return new Work(titled(title, threads), ManyKeys.class, "popularity", popularity.name(), threads, contenders);
    }

    private static String titled(String title, int threads) {
        return title + ", " + threads + (threads == 1 ? " thread" : " threads");
    }
}
