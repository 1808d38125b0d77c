package io.ratelimit.benchmarks;

import io.ratelimit.test.redis.RedisServer;
import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Measures what the starter adds to the start of an application, to its heap, its threads and its classes. */
final class ApplicationTables {

    static final String TITLE = "An application with the starter";

    private static final String ADDED = "What the starter adds";
    private static final int BEANS = 200;

    /** The serial collector leaves exactly the reachable objects. */
    private static final List<String> JVM = List.of("-Xmx512m", "-XX:+UseSerialGC");

    private static final List<String> COLUMNS = List.of("start, ms", "heap, MB", "threads", "classes");

    private ApplicationTables() {}

    static String tables(RunSettings settings) throws IOException, InterruptedException {
        FigureTable all = new FigureTable(TITLE, COLUMNS);
        FigureTable added = new FigureTable(ADDED, COLUMNS);
        try (RedisServer redis = RedisServer.start();
                GeneratedBeans beans = GeneratedBeans.compile(BEANS)) {
            for (int round = 0; round < settings.rounds(); round++) {
                System.err.println("Round " + (round + 1) + " of " + settings.rounds() + ": " + TITLE);
                Map<ApplicationKind, double[]> measured = new EnumMap<>(ApplicationKind.class);
                for (ApplicationKind kind : order(round)) {
                    measured.put(kind, start(kind, redis, beans));
                }
                measured.forEach((kind, figures) -> {
                    all.add(kind.label, figures);
                    double[] base = kind.base == null ? null : measured.get(kind.base);
                    if (base != null) {
                        added.add(kind.label, difference(figures, base));
                    }
                });
            }
        }
        return all.markdown() + added.markdown();
    }

    private static double[] difference(double[] figures, double[] base) {
        double[] difference = new double[figures.length];
        Arrays.setAll(difference, i -> figures[i] - base[i]);
        return difference;
    }

    /** Each second round runs in the opposite order, so that a machine that slows down favours neither of a pair. */
    private static List<ApplicationKind> order(int round) {
        List<ApplicationKind> order = new ArrayList<>(Arrays.asList(ApplicationKind.values()));
        if (round % 2 == 1) {
            Collections.reverse(order);
        }
        return order;
    }

    static double[] start(ApplicationKind kind, RedisServer redis, GeneratedBeans beans)
            throws IOException, InterruptedException {
        String printed = ForkedJvm.run(
                ApplicationStart.class,
                ApplicationClassPath.of(kind.starter, kind.redis) + File.pathSeparator + beans.directory(),
                JVM,
                kind.name(),
                String.valueOf(redis.port()));
        return Arrays.stream(printed.strip().split(" "))
                .mapToDouble(Double::parseDouble)
                .toArray();
    }
}
