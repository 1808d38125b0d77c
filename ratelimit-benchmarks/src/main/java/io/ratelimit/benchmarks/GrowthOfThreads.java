package io.ratelimit.benchmarks;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntFunction;

/** Measures how the cost of a call grows with the number of threads, from one to 64. */
public final class GrowthOfThreads {

    static final String TITLE = "Growth with the number of threads";

    private static final List<Integer> THREADS = List.of(1, 2, 4, 8, 16, 32, 64);
    private static final List<InMemoryContender> CONTENDERS =
            List.of(InMemoryContender.RATELIMIT, InMemoryContender.BUCKET4J_LOCK_FREE, InMemoryContender.MAP_FLOOR);

    private GrowthOfThreads() {}

    static String table(RunSettings settings) throws IOException, InterruptedException {
        FigureTable table = new FigureTable(
                TITLE,
                List.of(
                        "one key, million calls/s",
                        "one key, p99.9 µs",
                        "a key each, million calls/s",
                        "a key each, p99.9 µs"));
        for (int threads : THREADS) {
            for (int round = 0; round < settings.rounds(); round++) {
                System.err.println("Round " + (round + 1) + " of " + settings.rounds() + ": threads: " + threads);
                for (InMemoryContender contender : CONTENDERS) {
                    table.parse(
                            "threads: " + threads + ", " + contender.label(),
                            ForkedJvm.run(
                                    GrowthOfThreads.class,
                                    ForkedJvm.OPTIONS,
                                    contender.name(),
                                    String.valueOf(threads),
                                    settings.measured().toString()));
                }
            }
        }
        return table.markdown();
    }

    /**
     * Calls a limiter from several threads, and prints the figures.
     *
     * @param args the {@link InMemoryContender}, the number of threads, and the time for which calls are measured
     * @throws InterruptedException if the thread is interrupted
     * @throws ExecutionException if a call gets a wrong answer
     */
    public static void main(String... args) throws InterruptedException, ExecutionException {
        InMemoryContender contender = InMemoryContender.valueOf(args[0]);
        int threads = Integer.parseInt(args[1]);
        Duration measured = Duration.parse(args[2]);
        List<Double> figures = new ArrayList<>(figures(contender, threads, measured, thread -> "user-42"));
        figures.addAll(figures(contender, threads, measured, thread -> "user-" + thread));
        System.out.println(FigureTable.line(figures));
    }

    /** Returns the million calls per second of all threads, and the largest percentile of a thread. */
    static List<Double> figures(InMemoryContender contender, int threads, Duration measured, IntFunction<String> keys)
            throws InterruptedException, ExecutionException {
        Limiter limiter = contender.open(BenchmarkLimit.PLENTY);
        AtomicLong start = new AtomicLong();
        CyclicBarrier ready = new CyclicBarrier(threads, () -> start.set(System.nanoTime()));
        ExecutorService callers = Executors.newFixedThreadPool(threads);
        try {
            List<Future<CallTimes>> calls = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                String key = keys.apply(i);
                limiter.tryAcquire(key);
                calls.add(callers.submit(() -> {
                    ready.await();
                    return CallTimes.of(
                            start.get(), measured, number -> BenchmarkLimit.PLENTY.checked(limiter.tryAcquire(key)));
                }));
            }
            double millionPerSecond = 0;
            double micros = 0;
            for (Future<CallTimes> call : calls) {
                millionPerSecond += 1e3 / call.get().nanos();
                micros = Math.max(micros, call.get().p999Micros());
            }
            return List.of(millionPerSecond, micros);
        } finally {
            callers.shutdownNow();
        }
    }
}
