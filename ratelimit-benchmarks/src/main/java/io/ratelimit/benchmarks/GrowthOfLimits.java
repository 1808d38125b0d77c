package io.ratelimit.benchmarks;

import io.ratelimit.Limit;
import io.ratelimit.RateLimiter;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.memory.InMemoryRateLimitStore;
import java.io.IOException;
import java.lang.ref.Reference;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/** Measures how the cost of a call and of a limit grows with the number of limits, from one to ten thousand. */
public final class GrowthOfLimits {

    static final String TITLE = "Growth with the number of limits";

    private static final List<Integer> LIMITS = List.of(1, 10, 100, 1_000, 10_000);
    private static final String KEY = "user-42";

    private GrowthOfLimits() {}

    static String table(RunSettings settings) throws IOException, InterruptedException {
        FigureTable table = new FigureTable(
                TITLE, List.of("heap, B/limit", "definition, ms", "first calls, ms", "ns a call", "p99.9 µs"));
        for (int limits : LIMITS) {
            String label = String.format(Locale.ROOT, "limits: %,d", limits);
            for (int round = 0; round < settings.rounds(); round++) {
                System.err.println("Round " + (round + 1) + " of " + settings.rounds() + ": " + label);
                table.parse(
                        label,
                        ForkedJvm.run(
                                GrowthOfLimits.class,
                                ForkedJvm.OPTIONS,
                                String.valueOf(limits),
                                settings.measured().toString()));
            }
        }
        return table.markdown();
    }

    /**
     * Defines limits, calls each with one key, then calls them in no order, and prints the figures.
     *
     * @param args the number of limits, and the time for which calls are measured
     */
    public static void main(String... args) {
        int limits = Integer.parseInt(args[0]);
        warmUp();
        long before = HeapPerKey.used();
        RateLimiterRegistry registry = InMemoryRateLimitStore.newRegistry();
        long begun = System.nanoTime();
        RateLimiter[] limiters = defined(registry, limits);
        long defined = System.nanoTime();
        callEach(limiters);
        long called = System.nanoTime();
        double heap = (double) (HeapPerKey.used() - before) / limits;
        CallTimes times = CallTimes.of(
                Duration.parse(args[1]),
                number -> BenchmarkLimit.PLENTY.checked(limiters[CallTimes.scattered(number, limits)]
                        .tryAcquire(KEY)
                        .admitted()));
        System.out.println(FigureTable.line(
                List.of(heap, (defined - begun) / 1e6, (called - defined) / 1e6, times.nanos(), times.p999Micros())));
        Reference.reachabilityFence(registry);
    }

    /** Loads all classes, so that the heap and the time of the first limit are those of a limit. */
    private static void warmUp() {
        try (RateLimiterRegistry registry = InMemoryRateLimitStore.newRegistry()) {
            callEach(defined(registry, 1));
        }
    }

    private static RateLimiter[] defined(RateLimiterRegistry registry, int limits) {
        RateLimiter[] limiters = new RateLimiter[limits];
        for (int i = 0; i < limits; i++) {
            limiters[i] = registry.define(Limit.of(GeneratedBeans.limit(i), BenchmarkLimit.PLENTY.rate()));
        }
        return limiters;
    }

    private static void callEach(RateLimiter[] limiters) {
        for (RateLimiter limiter : limiters) {
            BenchmarkLimit.PLENTY.checked(limiter.tryAcquire(KEY).admitted());
        }
    }
}
