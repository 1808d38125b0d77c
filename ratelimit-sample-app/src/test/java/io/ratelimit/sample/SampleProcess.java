package io.ratelimit.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The sample in a JVM of its own, on a free port.
 *
 * @param process the process of the JVM
 * @param output the file with what it prints
 */
public record SampleProcess(Process process, Path output) implements AutoCloseable {

    private static final Pattern PORT = Pattern.compile("Tomcat started on port (\\d+)");

    /**
     * Starts the sample, as it was processed ahead of time if the property {@code spring.aot.enabled} says so.
     *
     * @param directory where the output is kept
     * @param arguments properties such as {@code --ratelimit.store=redis}
     */
    public static SampleProcess start(Path directory, String... arguments) throws IOException {
        Path output = directory.resolve("output");
        List<String> command = Stream.concat(
                        Stream.of(
                                Path.of(System.getProperty("java.home"), "bin", "java")
                                        .toString(),
                                "-XX:TieredStopAtLevel=1",
                                "-Dspring.aot.enabled=" + isAheadOfTime(),
                                "-cp",
                                classPath(),
                                SampleApplication.class.getName(),
                                "--server.port=0"),
                        Arrays.stream(arguments))
                .toList();
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        return new SampleProcess(process, output);
    }

    public static boolean isAheadOfTime() {
        return Boolean.getBoolean("spring.aot.enabled");
    }

    /** Waits until the application has started, and returns its port. */
    public int port() {
        await().atMost(Duration.ofMinutes(1))
                .until(() -> printed().contains("Started SampleApplication") || !process.isAlive());
        Matcher port = PORT.matcher(printed());
        assertThat(port.find()).as(printed()).isTrue();
        return Integer.parseInt(port.group(1));
    }

    public String printed() {
        try {
            return Files.readString(output);
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    @Override
    public void close() {
        process.destroy();
        process.onExit().join();
    }

    /** The class path without the tests, which are no part of the application. */
    private static String classPath() {
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> !entry.isEmpty() && !entry.contains("test-classes"))
                .collect(Collectors.joining(File.pathSeparator));
    }
}
