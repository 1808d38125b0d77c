package io.ratelimit.benchmarks;

import io.ratelimit.Limit;
import io.ratelimit.RateLimiter;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.memory.InMemoryRateLimitStore;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * Measures how long a million idle keys stay after they are full again, and how their removal slows a caller of another
 * key.
 *
 * <p>The caller makes calls in its own thread without a pause, and each call is timed. Calls between the removal of the
 * first and the last idle key are counted separately.
 */
public final class IdleKeys {

    static final String TITLE = "A million idle keys";

    private static final int KEYS = 1_000_000;
    private static final Duration UNTIL_FULL = Duration.ofSeconds(12);
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private IdleKeys() {}

    static String table() throws IOException, InterruptedException {
        return "\n### " + TITLE
                + "\n\n| a caller of one key | calls | p50 ns | p99 ns | p99.9 µs | p99.99 µs | longest µs |\n"
                + "|---|--:|--:|--:|--:|--:|--:|\n" + ForkedJvm.run(IdleKeys.class, List.of("-XX:+UseG1GC", "-Xmx2g"))
                + "\n";
    }

    /**
     * Fills a store with keys, waits until they are removed, and prints the rows of the table.
     *
     * @param args none
     * @throws InterruptedException if the thread is interrupted
     */
    public static void main(String... args) throws InterruptedException {
        InMemoryRateLimitStore store = InMemoryRateLimitStore.create(2 * KEYS);
        try (RateLimiterRegistry registry = new RateLimiterRegistry(store, List.of())) {
            RateLimiter idle = registry.define(Limit.of("idle", "1/" + UNTIL_FULL));
            Caller caller = new Caller(registry.define(BenchmarkLimit.PLENTY.toLimit()));
            CompletableFuture<Void> calls = CompletableFuture.runAsync(caller);
            for (int i = 0; i < KEYS; i++) {
                idle.tryAcquire("user-" + i);
            }
            long full = System.nanoTime() + UNTIL_FULL.toNanos();
            TimeUnit.NANOSECONDS.sleep(UNTIL_FULL.toNanos() / 4);
            caller.counts = caller.before;
            long kept = store.keys();
            while (store.keys() >= kept) {
                TimeUnit.MICROSECONDS.sleep(100);
            }
            caller.counts = caller.meanwhile;
            long first = System.nanoTime();
            while (store.keys() > 1) {
                if (System.nanoTime() - full > PATIENCE.toNanos()) {
                    throw new IllegalStateException(
                            store.keys() + " keys have not been removed, so the measurement is invalid");
                }
                TimeUnit.MICROSECONDS.sleep(100);
            }
            long last = System.nanoTime();
            caller.ended = true;
            calls.join();
            System.out.print(row("with a million idle keys", caller.before)
                    + row(
                            String.format(
                                    Locale.ROOT,
                                    "during their removal, which took %.0f ms and ended %.1f s after the last was full",
                                    (last - first) / 1e6,
                                    (last - full) / 1e9),
                            caller.meanwhile));
        }
    }

    private static String row(String label, Histogram nanos) {
        return String.format(
                Locale.ROOT,
                "| %s | %d | %d | %d | %.1f | %.1f | %.0f |\n",
                label,
                nanos.getTotalCount(),
                nanos.getValueAtPercentile(50),
                nanos.getValueAtPercentile(99),
                nanos.getValueAtPercentile(99.9) / 1e3,
                nanos.getValueAtPercentile(99.99) / 1e3,
                nanos.getMaxValue() / 1e3);
    }

    private static final class Caller implements Runnable {

        private final Histogram before = new Histogram(3);
        private final Histogram meanwhile = new Histogram(3);
        private final RateLimiter limiter;
        private volatile Histogram counts = new Histogram(3);
        private volatile boolean ended;

        Caller(RateLimiter limiter) {
            this.limiter = limiter;
        }

        @Override
        public void run() {
            while (!ended) {
                long begun = System.nanoTime();
                BenchmarkLimit.PLENTY.checked(limiter.tryAcquire("caller").admitted());
                counts.recordValue(System.nanoTime() - begun);
            }
        }
    }
}
