package io.ratelimit.aop;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.test.redis.RedisExtension;
import io.ratelimit.test.redis.RedisServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * BlockHound detects no blocking call on an event loop. It runs in a separate JVM, because it changes classes of the
 * JDK and needs an option for that.
 */
@ExtendWith(RedisExtension.class)
@Timeout(120)
class EventLoopDetectorTests {

    @Test
    void nothingBlocksAnEventLoopWithTheLimitsInMemory() throws Exception {
        assertThat(answers("ratelimit.store=memory"))
                .containsExactly(
                        "asked memory",
                        "sleeping blocked",
                        "plain did not block",
                        "future did not block",
                        "mono did not block",
                        "flux did not block",
                        "netty did not block",
                        "rejected did not block",
                        "held did not block",
                        "queue did not block");
    }

    @Test
    void nothingButAPlainMethodBlocksAnEventLoopWithTheLimitsOnRedis(RedisServer redis) throws Exception {
        assertThat(answers(
                        "ratelimit.store=redis",
                        "spring.data.redis.host=" + redis.host(),
                        "spring.data.redis.port=" + redis.port()))
                .containsExactly(
                        "asked redis",
                        "sleeping blocked",
                        "plain blocked",
                        "future did not block",
                        "mono did not block",
                        "flux did not block",
                        "netty did not block",
                        "rejected did not block",
                        "held did not block",
                        "queue did not block");
    }

    private static List<String> answers(String... properties) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(Stream.concat(
                                Stream.of(
                                        Path.of(System.getProperty("java.home"), "bin", "java")
                                                .toString(),
                                        "-XX:+AllowRedefinitionToAddDeleteMethods",
                                        "-XX:+EnableDynamicAgentLoading",
                                        "-Djdk.attach.allowAttachSelf=true",
                                        "-cp",
                                        System.getProperty("java.class.path"),
                                        BlockingCalls.class.getName()),
                                Stream.of(properties))
                        .toList())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(output).isZero();
        return output.lines()
                .filter(line -> line.startsWith(BlockingCalls.ANSWER))
                .map(line -> line.substring(BlockingCalls.ANSWER.length()))
                .toList();
    }
}
