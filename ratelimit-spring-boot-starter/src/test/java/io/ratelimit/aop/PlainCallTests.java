package io.ratelimit.aop;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The bytes that one call of a limited method allocates. The bounds are those of code without optimizations.
 *
 * <p>The calls run in a JVM of their own, because Mockito adds an allocation to methods of {@code Object}.
 */
class PlainCallTests {

    @TempDir
    private Path directory;

    @Test
    void makesLittleMoreThanTheProxyAndTheDecision() throws IOException, InterruptedException {
        Map<String, Long> bytes = bytes();
        assertThat(bytes).containsOnlyKeys("byParameter", "byProperty", "byCost", "byThreeLimits");
        assertThat(bytes.get("byParameter")).isLessThanOrEqualTo(304);
        assertThat(bytes.get("byProperty")).isLessThanOrEqualTo(336);
        assertThat(bytes.get("byCost")).isLessThanOrEqualTo(384);
        assertThat(bytes.get("byThreeLimits")).isLessThanOrEqualTo(960);
    }

    private Map<String, Long> bytes() throws IOException, InterruptedException {
        Path output = directory.resolve("output.txt");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        PlainCalls.class.getName())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            assertThat(process.waitFor(3, TimeUnit.MINUTES)).isTrue();
        } finally {
            process.destroyForcibly();
        }
        assertThat(process.exitValue()).as(Files.readString(output)).isZero();
        return Files.readAllLines(output).stream()
                .filter(line -> line.startsWith(PlainCalls.BYTES))
                .map(line -> line.split(" "))
                .collect(Collectors.toMap(words -> words[1], words -> Long.valueOf(words[2])));
    }
}
