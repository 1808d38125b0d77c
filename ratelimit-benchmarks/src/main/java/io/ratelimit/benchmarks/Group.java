package io.ratelimit.benchmarks;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.openjdk.jmh.runner.options.TimeValue;

/** What one command runs, and how long. */
enum Group {
    MEMORY("memory", 5, 3, TimeValue.seconds(1), Work.inMemory()),
    /** Shows that everything runs; its figures are not for quoting. */
    MEMORY_QUICK("memory-quick", 1, 1, TimeValue.milliseconds(200), Work.inMemory());

    final String label;
    final int rounds;
    final int iterations;
    final TimeValue each;
    final List<Work> works;

    Group(String label, int rounds, int iterations, TimeValue each, List<Work> works) {
        this.label = label;
        this.rounds = rounds;
        this.iterations = iterations;
        this.each = each;
        this.works = works;
    }

    static Group named(String label) {
        return Arrays.stream(values())
                .filter(group -> group.label.equals(label))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("Unknown group \"" + label + "\"; use one of "
                        + Arrays.stream(values()).map(group -> group.label).collect(Collectors.joining(", "))));
    }

    List<Work> works(String only) {
        List<Work> chosen =
                works.stream().filter(work -> work.title().contains(only)).toList();
        if (chosen.isEmpty()) {
            throw new IllegalArgumentException("No title contains \"" + only + "\"; there are "
                    + works.stream().map(Work::title).collect(Collectors.joining("; ")));
        }
        return chosen;
    }
}
