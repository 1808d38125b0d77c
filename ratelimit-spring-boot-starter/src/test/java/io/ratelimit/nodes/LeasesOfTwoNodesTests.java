package io.ratelimit.nodes;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.test.redis.RedisServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.core.StringRedisTemplate;

/** Two JVMs with one limit: calls that end in every way, and a JVM that is killed. */
@Timeout(300)
@Tag("slow")
@Tag("server")
class LeasesOfTwoNodesTests {

    private static final int CALLS = Integer.getInteger("io.ratelimit.nodes.calls", 5_000);

    private final RedisServer redis = RedisServer.start();
    private final LettuceConnectionFactory connections = new LettuceConnectionFactory("localhost", redis.port());
    private Jvm one;
    private Jvm other;

    @BeforeEach
    void start() throws IOException {
        connections.start();
        one = new Jvm(redis.port());
        other = new Jvm(redis.port());
        one.awaitAnswer();
        other.awaitAnswer();
    }

    @AfterEach
    void stop() {
        one.process.destroyForcibly();
        other.process.destroyForcibly();
        connections.destroy();
        redis.close();
    }

    @Test
    void neverMoreThanTheLimitRunAndAllAreFreeAfterALeaseTimeWhenOneIsKilled() {
        CompletableFuture<String> calls = one.ask("calls " + CALLS / 2);
        other.ask("calls " + CALLS / 2).join();
        calls.join();
        assertThat(count("too-many")).isZero();
        assertThat(count("running")).isZero();
        assertThat(count("began")).isGreaterThan(CALLS / 2);

        assertThat(one.ask("hold 5").join()).isEqualTo("5 held, 0 lost");
        assertThat(other.ask("hold 5").join()).isEqualTo("5 held, 0 lost");
        long killed = System.nanoTime();
        one.process.destroyForcibly();
        CompletableFuture<String> tenth = other.ask("hold 5");
        assertThat(tenth.join()).isEqualTo("10 held, 0 lost");
        assertThat(Duration.ofNanos(System.nanoTime() - killed))
                .isBetween(Duration.ofMillis(Node.LEASE_MILLIS / 2), Duration.ofMillis(Node.LEASE_MILLIS + 1_000));
        assertThat(other.ask("release 10").join()).isEqualTo("0 held, 0 lost");
        assertThat(other.ask("hold 10").join()).isEqualTo("10 held, 0 lost");
    }

    private long count(String key) {
        String value = new StringRedisTemplate(connections).opsForValue().get(key);
        return value == null ? 0 : Long.parseLong(value);
    }

    /** A node in a JVM of its own. */
    private static final class Jvm {

        final Process process;
        private final BufferedReader answers;
        private final PrintStream commands;

        Jvm(int port) throws IOException {
            process = new ProcessBuilder(
                            ProcessHandle.current().info().command().orElse("java"),
                            "-XX:TieredStopAtLevel=1",
                            "-cp",
                            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                            Node.class.getName(),
                            Integer.toString(port))
                    .redirectErrorStream(true)
                    .start();
            answers = process.inputReader();
            commands = new PrintStream(process.getOutputStream(), true);
        }

        CompletableFuture<String> ask(String command) {
            commands.println(command);
            return CompletableFuture.supplyAsync(this::awaitAnswer);
        }

        String awaitAnswer() {
            StringBuilder output = new StringBuilder();
            try {
                for (String line = answers.readLine(); line != null; line = answers.readLine()) {
                    if (line.startsWith(Node.ANSWER)) {
                        return line.substring(Node.ANSWER.length());
                    }
                    output.append(line).append('\n');
                }
            } catch (IOException ex) {
                throw new UncheckedIOException(ex);
            }
            throw new AssertionError("The node ended:\n" + output);
        }
    }
}
