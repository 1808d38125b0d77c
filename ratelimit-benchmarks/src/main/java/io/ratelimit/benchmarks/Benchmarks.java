package io.ratelimit.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.openjdk.jmh.results.format.ResultFormatFactory;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.RunnerException;

/** Runs a group of benchmarks, prints its tables, and keeps them with JMH's own results in {@code target}. */
public final class Benchmarks {

    private Benchmarks() {}

    /**
     * Runs a group.
     *
     * @param args the group, {@code memory} or {@code memory-quick}, and optionally a part of the titles that are wanted
     * @throws RunnerException if a benchmark fails
     * @throws IOException if the results cannot be written
     */
    public static void main(String... args) throws RunnerException, IOException {
        Group group = Group.named(args.length > 0 ? args[0] : "");
        Rounds rounds = new Rounds(group, group.works(args.length > 1 ? args[1] : ""));
        rounds.run();
        StringBuilder page = new StringBuilder(machine(group));
        rounds.works().forEach(work -> page.append('\n').append(Table.of(work, rounds.samples(work))));
        Path target = Files.createDirectories(Path.of("target"));
        Files.writeString(target.resolve(group.label + ".md"), page);
        ResultFormatFactory.getInstance(
                        ResultFormatType.JSON,
                        target.resolve(group.label + ".json").toString())
                .writeOut(rounds.results());
        System.out.print(page);
    }

    private static String machine(Group group) throws IOException {
        return processor() + ", " + Runtime.getRuntime().availableProcessors() + " cores, "
                + System.getProperty("os.name") + " " + System.getProperty("os.version") + ", "
                + System.getProperty("java.vm.name") + " " + System.getProperty("java.runtime.version") + ", G1, 2 GB; "
                + "rounds: " + group.rounds + ", each a fork of " + group.iterations + " × " + group.each
                + " after as much warm-up\n";
    }

    private static String processor() throws IOException {
        Path info = Path.of("/proc/cpuinfo");
        if (!Files.isReadable(info)) {
            return System.getProperty("os.arch");
        }
        try (Stream<String> lines = Files.lines(info)) {
            return lines.filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 2))
                    .findFirst()
                    .orElse(System.getProperty("os.arch"));
        }
    }
}
