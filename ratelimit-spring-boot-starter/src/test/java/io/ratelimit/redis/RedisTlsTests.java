package io.ratelimit.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.ratelimit.DecisionSource;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.actuate.RateLimitHealthAutoConfiguration;
import io.ratelimit.aop.RateLimitAopAutoConfiguration;
import io.ratelimit.autoconfigure.RateLimitAutoConfiguration;
import io.ratelimit.remote.RemoteRateLimitStore;
import io.ratelimit.test.redis.RedisServer;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationContext;

/** A Redis behind TLS, with users, as an application configures it. */
@ExtendWith(OutputCaptureExtension.class)
@Tag("slow")
class RedisTlsTests {

    private static TlsCertificate certificate;
    private static RedisServer redis;
    private static int tlsPort;

    @BeforeAll
    static void start(@TempDir Path directory) throws Exception {
        certificate = TlsCertificate.in(directory);
        try (ServerSocket free = new ServerSocket(0)) {
            tlsPort = free.getLocalPort();
        }
        try {
            redis = RedisServer.start(
                    "--tls-port",
                    String.valueOf(tlsPort),
                    "--tls-cert-file",
                    certificate.certificate().toString(),
                    "--tls-key-file",
                    certificate.key().toString(),
                    "--tls-ca-cert-file",
                    certificate.certificate().toString(),
                    "--tls-auth-clients",
                    "no");
        } catch (IllegalStateException ex) {
            throw new IllegalStateException(
                    "These tests need a redis-server that was built with TLS and sees this machine's files, which one in a"
                            + " container does not: install it on the PATH",
                    ex);
        }
        redis.command("ACL", "SETUSER", "shop", "on", ">right-secret", "~*", "&*", "+@all");
    }

    @AfterAll
    static void end() {
        redis.close();
    }

    private final Logger outages = Logger.getLogger(RemoteRateLimitStore.class.getName());
    private final List<String> told = new CopyOnWriteArrayList<>();
    private final Handler handler = new Handler() {
        @Override
        public void publish(LogRecord line) {
            told.add(line.getMessage());
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };

    @BeforeEach
    void listenToAnEmptyServer() {
        outages.addHandler(handler);
        redis.command("FLUSHALL");
    }

    @AfterEach
    void unlisten() {
        outages.removeHandler(handler);
    }

    @ParameterizedTest
    @ValueSource(strings = {"lettuce", "jedis"})
    void aUserDecidesOverTls(String client) {
        application(client, "spring.data.redis.ssl.bundle=redis", "ratelimit.redis.require-at-startup=true")
                .run(context -> {
                    assertThat(context).hasNotFailed();
                    assertThat(source(context)).isEqualTo(DecisionSource.STORE);
                    assertThat(redis.command("KEYS", "*")).isEqualTo(List.of("ratelimit:{ann}:search"));
                    assertThat(String.valueOf(redis.command("CLIENT", "LIST")).lines())
                            .as("connections of the application, none of which came in at the port without TLS")
                            .filteredOn(line -> line.contains("user=shop"))
                            .isNotEmpty()
                            .allMatch(line -> line.contains("laddr=127.0.0.1:" + tlsPort));
                    assertThat(health(context).getStatus()).isEqualTo(Status.UP);
                });
    }

    @ParameterizedTest
    @ValueSource(strings = {"lettuce", "jedis"})
    void aServerThatIsNotTrustedIsNotUsedAndReported(String client, CapturedOutput output) {
        application(client, "spring.data.redis.ssl.enabled=true").run(context -> {
            assertThat(source(context)).isEqualTo(DecisionSource.LOCAL);
            assertAway(context, "its certificate is not trusted", output);
        });
    }

    @Test
    void aCertificateOfAnotherHostIsNotTrusted(CapturedOutput output) {
        application("lettuce", "spring.data.redis.ssl.bundle=redis", "spring.data.redis.host=localhost")
                .run(context -> {
                    assertThat(source(context)).isEqualTo(DecisionSource.LOCAL);
                    assertAway(context, "its certificate is not trusted", output);
                });
    }

    @ParameterizedTest
    @ValueSource(strings = {"lettuce", "jedis"})
    void aClientWithoutTlsIsNotAnswered(String client, CapturedOutput output) {
        application(client).run(context -> {
            assertThat(source(context)).isEqualTo(DecisionSource.LOCAL);
            assertThat(health(context).getStatus()).isEqualTo(Status.UNKNOWN);
            assertThat(output).doesNotContain("secret");
        });
    }

    @ParameterizedTest
    @CsvSource({"lettuce, shop", "lettuce, nobody", "jedis, shop", "jedis, nobody"})
    void aWrongPasswordAndAnUnknownUserAreReportedAlike(String client, String user, CapturedOutput output) {
        application(
                        client,
                        "spring.data.redis.ssl.bundle=redis",
                        "spring.data.redis.username=" + user,
                        "spring.data.redis.password=wrong-secret")
                .run(context -> {
                    assertThat(source(context)).isEqualTo(DecisionSource.LOCAL);
                    assertAway(context, "it answered WRONGPASS", output);
                    assertThat(output).doesNotContain("nobody");
                });
    }

    private static ApplicationContextRunner application(String client, String... properties) {
        return new ApplicationContextRunner()
                .withConfiguration(AutoConfigurations.of(
                        AopAutoConfiguration.class,
                        SslAutoConfiguration.class,
                        DataRedisAutoConfiguration.class,
                        RateLimitAutoConfiguration.class,
                        RateLimitAopAutoConfiguration.class,
                        RateLimitRedisAutoConfiguration.class,
                        RateLimitHealthAutoConfiguration.class))
                .withPropertyValues(
                        "spring.ssl.bundle.pem.redis.truststore.certificate="
                                + certificate.certificate().toUri(),
                        "spring.data.redis.client-type=" + client,
                        "spring.data.redis.host=127.0.0.1",
                        "spring.data.redis.port=" + tlsPort,
                        "spring.data.redis.username=shop",
                        "spring.data.redis.password=right-secret",
                        "ratelimit.redis.timeout=2s",
                        "ratelimit.limits.search=10/h")
                .withPropertyValues(properties);
    }

    private void assertAway(ApplicationContext context, String reason, CapturedOutput output) {
        assertThat(redis.command("KEYS", "*")).isEqualTo(List.of());
        await().atMost(Duration.ofSeconds(5))
                .untilAsserted(() -> assertThat(health(context).getDetails().get("reason"))
                        .isEqualTo("Redis could not be asked: " + reason));
        assertThat(health(context).getStatus()).isEqualTo(Status.UNKNOWN);
        assertThat(told)
                .containsExactly(
                        "The rate limit store \"redis\" is unavailable, each limit follows its on-store-failure policy:"
                                + " Redis could not be asked: " + reason);
        assertThat(output).doesNotContain("secret");
    }

    private static DecisionSource source(ApplicationContext context) {
        return context.getBean(RateLimiterRegistry.class)
                .get("search")
                .tryAcquire("ann")
                .source();
    }

    private static Health health(ApplicationContext context) {
        return context.getBean(HealthIndicator.class).health();
    }
}
