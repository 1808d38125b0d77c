package io.ratelimit.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A JVM of its own, with the classes of this one and 2 GB of heap. */
final class Fork {

    private Fork() {}

    /**
     * Runs a main class to its end.
     *
     * @param collector the option that chooses a garbage collector
     * @return what it printed
     */
    static String run(Class<?> main, String collector, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                collector,
                "-Xmx2g",
                "-classpath",
                System.getProperty("java.class.path"),
                main.getName()));
        command.addAll(List.of(arguments));
        Process fork =
                new ProcessBuilder(command).redirectError(Redirect.INHERIT).start();
        try (InputStream output = fork.getInputStream()) {
            return new String(output.readAllBytes(), StandardCharsets.UTF_8).strip();
        }
    }
}
