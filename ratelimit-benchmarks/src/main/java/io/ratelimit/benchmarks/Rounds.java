package io.ratelimit.benchmarks;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Runs every benchmark once in a round, in a JVM of its own, and then all of them again.
 *
 * <p>A machine that slows down meanwhile slows all contenders alike. Each round begins with another contender.
 */
final class Rounds {

    private final Group group;
    private final List<Work> works;
    private final Map<Work, Map<Contender, List<Sample>>> samples = new LinkedHashMap<>();
    private final Collection<RunResult> results = new ArrayList<>();

    Rounds(Group group, List<Work> works) {
        this.group = group;
        this.works = works;
    }

    void run() throws RunnerException {
        for (int round = 0; round < group.rounds; round++) {
            for (Work work : works) {
                System.err.println("Round " + (round + 1) + " of " + group.rounds + ": " + work.title());
                List<Contender> order = new ArrayList<>(work.contenders());
                Collections.rotate(order, -round);
                for (Contender contender : order) {
                    RunResult result = fork(work, contender);
                    results.add(result);
                    samples(work)
                            .computeIfAbsent(contender, first -> new ArrayList<>())
                            .add(Sample.of(result));
                }
            }
        }
    }

    List<Work> works() {
        return works;
    }

    Map<Contender, List<Sample>> samples(Work work) {
        return samples.computeIfAbsent(work, first -> new EnumMap<>(Contender.class));
    }

    Collection<RunResult> results() {
        return results;
    }

    private RunResult fork(Work work, Contender contender) throws RunnerException {
        return new Runner(new OptionsBuilder()
                        .include("^" + work.benchmark().getName().replace(".", "\\.") + "\\.")
                        .param("contender", contender.name())
                        .param(work.param(), work.value())
                        .threads(work.threads())
                        .forks(1)
                        .warmupIterations(group.iterations)
                        .warmupTime(group.each)
                        .measurementIterations(group.iterations)
                        .measurementTime(group.each)
                        .jvmArgs("-Xms2g", "-Xmx2g", "-XX:+UseG1GC")
                        .addProfiler(GCProfiler.class)
                        .shouldFailOnError(true)
                        .verbosity(VerboseMode.SILENT)
                        .build())
                .runSingle();
    }
}
