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
 * Runs all benchmarks in rounds: once each, in a new JVM, and then all of them again.
 *
 * <p>A machine that slows down during the run therefore slows all contenders alike. Each round starts with a different
 * contender.
 */
final class JmhRounds {

    private static final int ITERATIONS = 3;

    private final RunSettings settings;
    private final List<Workload> workloads;
    private final Map<Workload, Map<Contender, List<Measurement>>> measurements = new LinkedHashMap<>();
    private final Collection<RunResult> results = new ArrayList<>();

    JmhRounds(RunSettings settings, List<Workload> workloads) {
        this.settings = settings;
        this.workloads = workloads;
    }

    void run() throws RunnerException {
        for (int round = 0; round < settings.rounds(); round++) {
            for (Workload workload : workloads) {
                System.err.println("Round " + (round + 1) + " of " + settings.rounds() + ": " + workload.title());
                List<Contender> order = new ArrayList<>(workload.contenders());
                Collections.rotate(order, -round);
                for (Contender contender : order) {
                    RunResult result = fork(workload, contender);
                    results.add(result);
                    measurements(workload)
                            .computeIfAbsent(contender, first -> new ArrayList<>())
                            .add(Measurement.of(result));
                }
            }
        }
    }

    /** Returns the tables of all workloads. */
    String tables() {
        return workloads.stream()
                .map(workload -> "\n" + JmhTable.of(workload, measurements(workload)))
                .collect(Collectors.joining());
    }

    private Map<Contender, List<Measurement>> measurements(Workload workload) {
        return measurements.computeIfAbsent(workload, first -> new LinkedHashMap<>());
    }

    Collection<RunResult> results() {
        return results;
    }

    private RunResult fork(Workload workload, Contender contender) throws RunnerException {
        TimeValue each = TimeValue.nanoseconds(settings.measured().toNanos() / ITERATIONS);
        ChainedOptionsBuilder options = new OptionsBuilder();
        workload.params().forEach(options::param);
        return new Runner(options.include("^" + workload.benchmark().getName().replace(".", "\\.") + "\\.")
                        .param("contender", contender.name())
                        .threads(workload.threads())
                        .forks(1)
                        .warmupIterations(workload.warmup() * ITERATIONS)
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
