package io.ratelimit.nodes;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.faults.Fault;
import io.ratelimit.test.redis.RedisServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Timeout;

/** A JVM that the system stops for seconds, in the middle of everything, and lets go on. */
@Timeout(120)
class PausedNodeTests {

    @Fault
    void admitsNoBurstAndRejectsLateWaitingCallsInMemory(long seed) throws Exception {
        assertPauseIsHarmless();
    }

    @Fault
    void admitsNoBurstAndRejectsLateWaitingCallsOnRedis(long seed) throws Exception {
        try (RedisServer redis = RedisServer.start()) {
            assertPauseIsHarmless(Integer.toString(redis.port()));
        }
    }

    private static void assertPauseIsHarmless(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                ProcessHandle.current().info().command().orElse("java"),
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                PausedNode.class.getName()));
        command.addAll(List.of(arguments));
        Process node = new ProcessBuilder(command).redirectErrorStream(true).start();
        node.onExit().orTimeout(60, TimeUnit.SECONDS).whenComplete((exit, late) -> node.destroyForcibly());
        try (BufferedReader output = node.inputReader()) {
            awaitLine(output, "waiting");
            signal(node, "STOP");
            TimeUnit.NANOSECONDS.sleep(PausedNode.PAUSE.toNanos());
            signal(node, "CONT");
            String result = awaitLine(output, ".* calls too many, .*");
            System.out.println("After a pause of " + PausedNode.PAUSE.toSeconds() + " s: " + result);
            Matcher figures = Pattern.compile("0 calls too many, 0 waiters admitted late, (\\d+) calls admitted soon")
                    .matcher(result);
            assertThat(figures.matches()).as(result).isTrue();
            assertThat(Integer.parseInt(figures.group(1))).isLessThanOrEqualTo(PausedNode.BURST + 5);
        } finally {
            node.destroyForcibly();
        }
    }

    private static String awaitLine(BufferedReader lines, String pattern) throws IOException {
        StringBuilder output = new StringBuilder();
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            if (line.matches(pattern)) {
                return line;
            }
            output.append(line).append('\n');
        }
        throw new AssertionError("The node ended:\n" + output);
    }

    private static void signal(Process process, String name) throws Exception {
        Process kill = new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                .inheritIO()
                .start();
        assertThat(kill.waitFor()).isZero();
    }
}
