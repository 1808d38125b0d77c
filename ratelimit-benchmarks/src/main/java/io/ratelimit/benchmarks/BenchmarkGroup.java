package io.ratelimit.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.openjdk.jmh.results.format.ResultFormatFactory;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.RunnerException;

/** A group of benchmarks, which one command runs. */
enum BenchmarkGroup {
    /** Limiters in memory. */
    MEMORY {
        @Override
        String tables(RunSettings settings, Path target) throws RunnerException, IOException, InterruptedException {
            return measured(Workload.inMemory(), settings, target)
                    + (settings.wants(HeapPerKey.TITLE) ? HeapPerKey.table() : "")
                    + (settings.wants(IdleKeys.TITLE) ? IdleKeys.table() : "");
        }
    },
    /** Annotated methods of beans, in memory. */
    ANNOTATION {
        @Override
        String tables(RunSettings settings, Path target) throws RunnerException {
            return measured(Workload.ofAnnotations(), settings, target);
        }
    },
    /** The first call and the first seconds of a JVM. */
    START {
        @Override
        String tables(RunSettings settings, Path target) throws IOException, InterruptedException {
            return (settings.wants(FirstSecond.TITLE) ? FirstSecond.table(settings) : "")
                    + (settings.wants(FirstCall.TITLE) ? FirstCall.table(settings) : "");
        }
    },
    /** The start of an application. */
    APPLICATION {
        @Override
        String tables(RunSettings settings, Path target) throws IOException, InterruptedException {
            return settings.wants(ApplicationTables.TITLE) ? ApplicationTables.tables(settings) : "";
        }
    },
    /** The cost of calls with many keys, limits and threads. */
    GROWTH {
        @Override
        String tables(RunSettings settings, Path target) throws IOException, InterruptedException {
            return (settings.wants(GrowthOfKeys.TITLE) ? GrowthOfKeys.table(settings) : "")
                    + (settings.wants(GrowthOfLimits.TITLE) ? GrowthOfLimits.table(settings) : "")
                    + (settings.wants(GrowthOfThreads.TITLE) ? GrowthOfThreads.table(settings) : "");
        }
    },
    /** Limiters on a Redis server. */
    REDIS {
        @Override
        String tables(RunSettings settings, Path target) throws IOException, InterruptedException {
            return RedisRounds.tables(settings);
        }
    };

    static BenchmarkGroup named(String label) {
        return Arrays.stream(values())
                .filter(group -> group.label().equals(label))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("Unknown group \"" + label + "\"; use one of "
                        + Arrays.stream(values()).map(BenchmarkGroup::label).collect(Collectors.joining(", "))));
    }

    String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * Runs the benchmarks of this group that the settings select.
     *
     * @param target the directory for the raw results
     * @return the tables in Markdown, empty if the settings select none
     */
    abstract String tables(RunSettings settings, Path target) throws RunnerException, IOException, InterruptedException;

    String measured(List<Workload> workloads, RunSettings settings, Path target) throws RunnerException {
        JmhRounds rounds = new JmhRounds(
                settings,
                workloads.stream()
                        .filter(workload -> settings.wants(workload.title()))
                        .toList());
        rounds.run();
        ResultFormatFactory.getInstance(
                        ResultFormatType.JSON, target.resolve(label() + ".json").toString())
                .writeOut(rounds.results());
        return rounds.tables();
    }
}
