package io.ratelimit.aop;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.test.redis.RedisExtension;
import io.ratelimit.test.redis.RedisServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
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

    private static final String FIRST_ON_REDIS = "asked redis";

    private static List<String> answers;

    @BeforeAll
    static void askInAnotherJvm(RedisServer redis) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+AllowRedefinitionToAddDeleteMethods",
                        "-XX:+EnableDynamicAgentLoading",
                        "-XX:TieredStopAtLevel=1",
                        "-Djdk.attach.allowAttachSelf=true",
                        "-cp",
                        System.getProperty("java.class.path"),
                        BlockingCalls.class.getName(),
                        "ratelimit.store=memory",
                        "ratelimit.store=redis,spring.data.redis.host=" + redis.host() + ",spring.data.redis.port="
                                + redis.port())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(output).isZero();
        answers = output.lines()
                .filter(line -> line.startsWith(BlockingCalls.ANSWER))
                .map(line -> line.substring(BlockingCalls.ANSWER.length()))
                .toList();
    }

    @Test
    void nothingBlocksAnEventLoopWithTheLimitsInMemory() {
        assertThat(answers.subList(0, answers.indexOf(FIRST_ON_REDIS)))
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
    void nothingButAPlainMethodBlocksAnEventLoopWithTheLimitsOnRedis() {
        assertThat(answers.subList(answers.indexOf(FIRST_ON_REDIS), answers.size()))
                .containsExactly(
                        FIRST_ON_REDIS,
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
}
