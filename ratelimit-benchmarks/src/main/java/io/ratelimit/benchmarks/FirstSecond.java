package io.ratelimit.benchmarks;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Measures how fast calls are in the first seconds of a JVM, while they are being compiled.
 *
 * <p>Each contender has a new JVM in each round, which calls it in a plain loop. A figure is the mean of the calls of
 * the last 10 ms before an instant. The instants count from the end of the first call.
 */
public final class FirstSecond {

    static final String TITLE = "The first second, ns a call";

    private static final List<Duration> INSTANTS =
            Stream.of(170, 350, 700, 750, 2000, 5000).map(Duration::ofMillis).toList();

    private static final long WINDOW_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    /** The calls for each reading of the clock, so that it costs a call less than a nanosecond. */
    private static final int CALLS = 64;

    private FirstSecond() {}

    /** Measures the instants up to five times the time that the settings give a contender. */
    static String table(RunSettings settings) throws IOException, InterruptedException {
        List<Duration> instants = INSTANTS.stream()
                .filter(instant -> instant.compareTo(settings.measured().multipliedBy(5)) <= 0)
                .toList();
        String[] arguments = instants.stream().map(Duration::toString).toArray(String[]::new);
        FigureTable table = new FigureTable(
                TITLE,
                instants.stream()
                        .map(instant -> instant.toMillis() / 1e3 + " s")
                        .toList());
        List<CallContender> order = new ArrayList<>(contenders());
        for (int round = 0; round < settings.rounds(); round++) {
            System.err.println("Round " + (round + 1) + " of " + settings.rounds() + ": " + TITLE);
            for (CallContender contender : order) {
                table.parse(
                        contender.label(),
                        ForkedJvm.run(
                                FirstSecond.class,
                                ForkedJvm.OPTIONS,
                                Stream.concat(Stream.of(contender.name()), Stream.of(arguments))
                                        .toArray(String[]::new)));
            }
            Collections.rotate(order, -1);
        }
        return table.markdown();
    }

    static List<CallContender> contenders() {
        return List.of(
                inMemory(InMemoryContender.RATELIMIT),
                DecisionCalls.readingRemaining(),
                new CallContender("ratelimit, two limits", key -> LimitCalls.ratelimit(2, key)),
                inMemory(InMemoryContender.FAILSAFE_BURSTY),
                inMemory(InMemoryContender.BUCKET4J_LOCK_FREE),
                new CallContender("Bucket4j, lock-free, two bandwidths", key -> LimitCalls.bucket4j(2, key)),
                annotated(AnnotatedContender.RATELIMIT_KEY),
                annotated(AnnotatedContender.INTERCEPTOR_CAS_FLOOR));
    }

    private static CallContender inMemory(InMemoryContender contender) {
        BenchmarkLimit limit = BenchmarkLimit.PLENTY;
        return new CallContender(contender.label(), key -> CheckedCall.of(limit, contender.open(limit), key));
    }

    private static CallContender annotated(AnnotatedContender contender) {
        return new CallContender(contender.label(), key -> {
            AnnotatedCall call = contender.open();
            SearchRequest request = new SearchRequest(new SearchUser(key), 250);
            return () -> call.search(key, request).length();
        });
    }

    /**
     * Calls a contender, and prints the nanoseconds of a call before each instant.
     *
     * @param args the name of a contender, followed by the instants
     */
    public static void main(String... args) {
        CheckedCall call = contenders().stream()
                .filter(contender -> contender.name().equals(args[0]))
                .findFirst()
                .orElseThrow()
                .open("user-42");
        List<Duration> instants = Stream.of(args).skip(1).map(Duration::parse).toList();
        System.out.println(FigureTable.line(nanosBefore(instants, call)));
    }

    /** Calls until the last instant, and returns the mean duration of a call just before each of them. */
    static List<Double> nanosBefore(List<Duration> instants, CheckedCall call) {
        double figures = call.make();
        long origin = System.nanoTime();
        long[] marks = new long[2 * instants.size()];
        for (int i = 0; i < instants.size(); i++) {
            marks[2 * i + 1] = origin + instants.get(i).toNanos();
            marks[2 * i] = marks[2 * i + 1] - WINDOW_NANOS;
        }
        long[] passed = new long[marks.length];
        long[] made = new long[marks.length];
        long calls = 0;
        int mark = 0;
        while (mark < marks.length) {
            for (int i = 0; i < CALLS; i++) {
                figures += call.make();
            }
            calls += CALLS;
            long now = System.nanoTime();
            if (now - marks[mark] >= 0) {
                passed[mark] = now;
                made[mark] = calls;
                mark++;
            }
        }
        if (figures < 0) {
            throw new IllegalStateException("The calls returned " + figures + "; expected a positive sum");
        }
        List<Double> nanos = new ArrayList<>();
        for (int i = 0; i < marks.length; i += 2) {
            nanos.add((double) (passed[i + 1] - passed[i]) / (made[i + 1] - made[i]));
        }
        return nanos;
    }
}
