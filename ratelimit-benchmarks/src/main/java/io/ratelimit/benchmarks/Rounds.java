package io.ratelimit.benchmarks;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Runs every benchmark once in a round, in a JVM of its own, and then all of them again.
 *
 * <p>A machine that slows down meanwhile slows all contenders alike. Each round begins with another contender.
 */
final class Rounds {

    private static final int ITERATIONS = 3;

    private final Settings settings;
    private final List<Work> works;
    private final Map<Work, Map<Contestant, List<Sample>>> samples = new LinkedHashMap<>();
    private final Collection<RunResult> results = new ArrayList<>();

    Rounds(Settings settings, List<Work> works) {
        this.settings = settings;
        this.works = works;
    }

    void run() throws RunnerException {
        for (int round = 0; round < settings.rounds(); round++) {
            for (Work work : works) {
                System.err.println("Round " + (round + 1) + " of " + settings.rounds() + ": " + work.title());
                List<Contestant> order = new ArrayList<>(work.contenders());
                Collections.rotate(order, -round);
                for (Contestant contender : order) {
                    RunResult result = fork(work, contender);
                    results.add(result);
                    samples(work)
                            .computeIfAbsent(contender, first -> new ArrayList<>())
                            .add(Sample.of(result));
                }
            }
        }
    }

    /** The tables of all works. */
    String tables() {
        return works.stream().map(work -> "\n" + Table.of(work, samples(work))).collect(Collectors.joining());
    }

    private Map<Contestant, List<Sample>> samples(Work work) {
        return samples.computeIfAbsent(work, first -> new LinkedHashMap<>());
    }

    Collection<RunResult> results() {
        return results;
    }

    private RunResult fork(Work work, Contestant contender) throws RunnerException {
        TimeValue each = TimeValue.nanoseconds(settings.measured().toNanos() / ITERATIONS);
        ChainedOptionsBuilder options = new OptionsBuilder();
        work.params().forEach(options::param);
        return new Runner(options.include("^" + work.benchmark().getName().replace(".", "\\.") + "\\.")
                        .param("contender", contender.name())
                        .threads(work.threads())
                        .forks(1)
                        .warmupIterations(work.warmup() * ITERATIONS)
                        .warmupTime(each)
                        .measurementIterations(ITERATIONS)
                        .measurementTime(each)
                        .jvmArgs("-Xms2g", "-Xmx2g", "-XX:+UseG1GC")
                        .addProfiler(GCProfiler.class)
                        .shouldFailOnError(true)
                        .verbosity(VerboseMode.SILENT)
                        .build())
                .runSingle();
    }
}
