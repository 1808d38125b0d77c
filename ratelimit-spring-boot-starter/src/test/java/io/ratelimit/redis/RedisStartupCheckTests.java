package io.ratelimit.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.ratelimit.DecisionSource;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.autoconfigure.InvalidRateLimitPropertyException;
import io.ratelimit.test.redis.RedisServer;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;

/** Applications that start with their Redis, or without it. */
@ExtendWith(OutputCaptureExtension.class)
@Tag("slow")
@Tag("server")
class RedisStartupCheckTests {

    private static final String REQUIRED = "--ratelimit.redis.require-at-startup=true";

    private final RedisServer redis = RedisServer.start();

    @AfterEach
    void end() {
        redis.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"lettuce", "jedis"})
    void anApplicationStartsWithoutRedisUnlessItIsRequired(String client) {
        redis.kill();
        try (ConfigurableApplicationContext context = start(client)) {
            assertThat(source(context)).isEqualTo(DecisionSource.LOCAL);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"lettuce", "jedis"})
    void anApplicationStartsWithTheRedisThatItRequiresAndLeavesNothingInIt(String client) {
        try (ConfigurableApplicationContext context = start(client, REQUIRED)) {
            assertThat(redis.command("KEYS", "*")).isEqualTo(List.of());
            assertThat(source(context)).isEqualTo(DecisionSource.STORE);
        }
    }

    @Test
    void aFirstConnectionSlowerThanTheTimeoutDoesNotPreventTheStart() {
        redis.command("CLIENT", "PAUSE", "1500");
        try (ConfigurableApplicationContext context = start("lettuce", REQUIRED)) {
            assertThat(source(context)).isEqualTo(DecisionSource.STORE);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"lettuce", "jedis"})
    void aRedisThatStartsALittleLaterIsWaitedFor(String client) {
        redis.kill();
        CompletableFuture<Void> later =
                CompletableFuture.runAsync(redis::restart, CompletableFuture.delayedExecutor(1, TimeUnit.SECONDS));
        try (ConfigurableApplicationContext context = start(client, REQUIRED)) {
            assertThat(source(context)).isEqualTo(DecisionSource.STORE);
        }
        later.join();
    }

    @ParameterizedTest
    @ValueSource(strings = {"lettuce", "jedis"})
    void anApplicationWithoutTheRedisThatItRequiresDoesNotStart(String client, CapturedOutput output) {
        redis.kill();
        Set<Thread> before = Thread.getAllStackTraces().keySet();
        long start = System.nanoTime();
        assertThatThrownBy(() -> start(client, REQUIRED))
                .rootCause()
                .isNotInstanceOf(InvalidRateLimitPropertyException.class);
        assertThat(Duration.ofNanos(System.nanoTime() - start))
                .isBetween(RedisStartupCheck.PATIENCE, RedisStartupCheck.PATIENCE.multipliedBy(4));
        assertThat(output)
                .contains(
                        "APPLICATION FAILED TO START",
                        "Redis could not be asked: no connection. It was asked for 5 s, as"
                                + " ratelimit.redis.require-at-startup is true.",
                        "Start Redis, or correct its address, user, password or SSL (spring.data.redis.*",
                        "drop ratelimit.redis.require-at-startup");
        await().atMost(Duration.ofSeconds(5))
                .untilAsserted(() -> assertThat(Thread.getAllStackTraces().keySet().stream()
                                .filter(thread -> !before.contains(thread))
                                .map(Thread::getName))
                        .noneMatch(name -> name.contains("lettuce") || name.contains("ratelimit")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"lettuce", "jedis"})
    void aWrongPasswordIsReportedWithoutThePassword(String client, CapturedOutput output) {
        redis.command("CONFIG", "SET", "requirepass", "right-secret");
        assertThatThrownBy(() -> start(client, REQUIRED, "--spring.data.redis.password=wrong-secret"))
                .satisfies(failure -> assertThat(failure)
                        .hasStackTraceContaining(
                                "RedisStartupException: Redis could not be asked: it answered WRONGPASS")
                        .extracting(RedisStartupCheckTests::trace)
                        .asString()
                        .doesNotContain("secret"));
        assertThat(output)
                .contains("APPLICATION FAILED TO START", "it answered WRONGPASS")
                .doesNotContain("secret");
    }

    private static String trace(Throwable failure) {
        StringWriter trace = new StringWriter();
        failure.printStackTrace(new PrintWriter(trace));
        return trace.toString();
    }

    private ConfigurableApplicationContext start(String client, String... properties) {
        return new SpringApplicationBuilder(Application.class)
                .web(WebApplicationType.NONE)
                .run(Stream.concat(
                                Stream.of(
                                        "--spring.main.banner-mode=off",
                                        "--spring.data.redis.client-type=" + client,
                                        "--spring.data.redis.host=" + redis.host(),
                                        "--spring.data.redis.port=" + redis.port(),
                                        "--ratelimit.limits.search=10/s",
                                        "--ratelimit.redis.timeout=500ms"),
                                Stream.of(properties))
                        .toArray(String[]::new));
    }

    private static DecisionSource source(ConfigurableApplicationContext context) {
        return context.getBean(RateLimiterRegistry.class)
                .get("search")
                .peek("ann")
                .source();
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Application {}
}
