package io.ratelimit.benchmarks;

import io.ratelimit.Limit;
import io.ratelimit.RateLimiter;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.memory.InMemoryRateLimitStore;
import java.io.IOException;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.ref.Reference;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** Measures how the cost of a call and of a key grows with the number of keys, from a thousand to ten million. */
public final class GrowthOfKeys {

    static final String TITLE = "Growth with the number of keys";

    private static final List<Integer> KEYS = List.of(1_000, 10_000, 100_000, 1_000_000, 10_000_000);

    /** A call's token is refilled after ten minutes, so that no bucket is full before the clock is put forward. */
    private static final Limit LIMIT = Limit.of("benchmark", "1/10m burst 10000000");

    private static final Duration UNTIL_ALL_ARE_FULL = Duration.ofDays(10_000);
    private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(2);

    /** A store keeps at most one key for each kilobyte of heap. */
    private static final int KEYS_PER_MEGABYTE = 1 << 10;

    private static final int SPARE_MEGABYTES = 1 << 10;

    private GrowthOfKeys() {}

    static String table(RunSettings settings) throws IOException, InterruptedException {
        FigureTable table = new FigureTable(
                TITLE, List.of("heap, B/key", "ns a call", "p99.9 µs", "GC pauses", "paused, ms", "removal, ms"));
        StringBuilder skipped = new StringBuilder();
        for (int keys : KEYS) {
            String label = String.format(Locale.ROOT, "%,d keys", keys);
            long megabytes = keys / KEYS_PER_MEGABYTE + SPARE_MEGABYTES;
            if (megabytes + SPARE_MEGABYTES > machineMegabytes()) {
                skipped.append(String.format(
                        Locale.ROOT,
                        "\n%s are not measured: they need a heap of %,d MB, and this machine has %,d MB.\n",
                        label,
                        megabytes,
                        machineMegabytes()));
                continue;
            }
            for (int round = 0; round < settings.rounds(); round++) {
                System.err.println("Round " + (round + 1) + " of " + settings.rounds() + ": " + label);
                table.parse(
                        label,
                        ForkedJvm.run(
                                GrowthOfKeys.class,
                                List.of("-XX:+UseG1GC", "-Xms" + megabytes + "m", "-Xmx" + megabytes + "m"),
                                String.valueOf(keys),
                                settings.measured().toString()));
            }
        }
        return table.markdown() + skipped;
    }

    private static long machineMegabytes() {
        com.sun.management.OperatingSystemMXBean machine =
                ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class);
        return machine.getTotalMemorySize() >> 20;
    }

    /**
     * Fills a store with keys, calls them in no order, lets all buckets become full, and prints the figures.
     *
     * @param args the number of keys, and the time for which calls are measured
     * @throws InterruptedException if the thread is interrupted
     */
    public static void main(String... args) throws InterruptedException {
        String[] keys = new String[Integer.parseInt(args[0])];
        for (int i = 0; i < keys.length; i++) {
            keys[i] = "user-" + i;
        }
        AtomicLong ahead = new AtomicLong();
        InMemoryRateLimitStore store =
                InMemoryRateLimitStore.create(() -> System.nanoTime() + ahead.getPlain(), keys.length + 1);
        try (RateLimiterRegistry registry = new RateLimiterRegistry(store, List.of())) {
            RateLimiter limiter = registry.define(LIMIT);
            long before = HeapPerKey.used();
            long pauses = collections();
            long paused = collectionMillis();
            for (String key : keys) {
                limiter.tryAcquire(key);
            }
            CallTimes times = CallTimes.of(
                    Duration.parse(args[1]),
                    number -> BenchmarkLimit.PLENTY.checked(
                            limiter.tryAcquire(keys[CallTimes.scattered(number, keys.length)])
                                    .admitted()));
            pauses = collections() - pauses;
            paused = collectionMillis() - paused;
            double heap = (double) (HeapPerKey.used() - before) / keys.length;
            requireKeys(keys.length, store);
            ahead.set(UNTIL_ALL_ARE_FULL.toNanos());
            double removal = removalMillis(store);
            System.out.println(FigureTable.line(
                    List.of(heap, times.nanos(), times.p999Micros(), (double) pauses, (double) paused, removal)));
        }
        Reference.reachabilityFence(keys);
    }

    /** Returns the time from the removal of the first full bucket to that of the last. */
    private static double removalMillis(InMemoryRateLimitStore store) throws InterruptedException {
        long kept = store.keys();
        long end = System.nanoTime() + PATIENCE_NANOS;
        while (store.keys() == kept) {
            pause(store, end);
        }
        long first = System.nanoTime();
        while (store.keys() > 0) {
            pause(store, end);
        }
        return (System.nanoTime() - first) / 1e6;
    }

    private static void pause(InMemoryRateLimitStore store, long end) throws InterruptedException {
        if (System.nanoTime() - end > 0) {
            throw new IllegalStateException(
                    store.keys() + " keys have not been removed, so the measurement is invalid");
        }
        TimeUnit.MICROSECONDS.sleep(50);
    }

    private static void requireKeys(int expected, InMemoryRateLimitStore store) {
        if (store.keys() != expected) {
            throw new IllegalStateException(
                    "The store has " + store.keys() + " keys, so the measurement is invalid; expected " + expected);
        }
    }

    private static long collections() {
        return ManagementFactory.getGarbageCollectorMXBeans().stream()
                .mapToLong(GarbageCollectorMXBean::getCollectionCount)
                .sum();
    }

    private static long collectionMillis() {
        return ManagementFactory.getGarbageCollectorMXBeans().stream()
                .mapToLong(GarbageCollectorMXBean::getCollectionTime)
                .sum();
    }
}
