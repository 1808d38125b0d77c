package io.ratelimit.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.openjdk.jmh.runner.RunnerException;

/** Runs a group of benchmarks, prints its tables, and writes them to {@code target}. */
public final class Benchmarks {

    private Benchmarks() {}

    /**
     * Runs a group.
     *
     * @param args the group, which is the name of a {@link BenchmarkGroup} in lower case, the seconds for which each
     *     contender is measured in a round, the number of rounds, and optionally a text that the titles of the wanted
     *     tables contain
     * @throws RunnerException if a benchmark fails
     * @throws InterruptedException if the thread is interrupted
     * @throws IOException if the results cannot be written
     */
    public static void main(String... args) throws RunnerException, IOException, InterruptedException {
        if (args.length < 3) {
            throw new IllegalArgumentException("Missing arguments; use GROUP SECONDS ROUNDS [TITLE]");
        }
        BenchmarkGroup group = BenchmarkGroup.named(args[0]);
        RunSettings settings = RunSettings.of(args[1], args[2], args.length > 3 ? args[3] : "");
        Path target = Files.createDirectories(Path.of("target"));
        String tables = group.tables(settings, target);
        if (tables.isEmpty()) {
            throw new IllegalArgumentException(
                    "No title of group " + group.label() + " contains \"" + settings.only() + "\"");
        }
        String page = machine() + "; " + settings.rounds() + " rounds of " + settings.measured() + "\n" + tables;
        Files.writeString(target.resolve(group.label() + ".md"), page);
        System.out.print(page);
    }

    private static String machine() throws IOException {
        return processor() + ", " + Runtime.getRuntime().availableProcessors() + " cores, "
                + System.getProperty("os.name") + " " + System.getProperty("os.version") + ", "
                + System.getProperty("java.vm.name") + " " + System.getProperty("java.runtime.version");
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
