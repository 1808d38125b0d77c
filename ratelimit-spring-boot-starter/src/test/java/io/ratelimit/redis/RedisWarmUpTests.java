package io.ratelimit.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ratelimit.Decision;
import io.ratelimit.DecisionSource;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.test.redis.RedisServer;
import io.ratelimit.test.redis.TcpProxy;
import java.time.Duration;
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
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The first decisions of applications whose connection to Redis is slow, or fails. */
@ExtendWith(OutputCaptureExtension.class)
@Tag("server")
class RedisWarmUpTests {

    private static final String PATIENT = "--ratelimit.redis.startup-wait=30s";

    private final RedisServer redis = RedisServer.start();
    private final TcpProxy network = TcpProxy.to(redis.host(), redis.port());

    @AfterEach
    void close() {
        network.close();
        redis.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"lettuce", "jedis"})
    void theFirstDecisionAfterASlowConnectionIsTheStores(String client) {
        answerAfterOneSecond();
        try (ConfigurableApplicationContext context = start(Application.class, client, PATIENT)) {
            assertThat(decide(context).source()).isEqualTo(DecisionSource.STORE);
        }
    }

    @Test
    void aCallOfABeanThatIsCreatedWhileTheStoreConnectsIsDecidedByTheStore() {
        answerAfterOneSecond();
        try (ConfigurableApplicationContext context = start(CallingEarly.class, "lettuce", PATIENT)) {
            assertThat(context.getBean(EarlyCaller.class).decision.source()).isEqualTo(DecisionSource.STORE);
        }
    }

    @Test
    void anAsynchronousCallWaitsForTheConnectionWithoutAThread() throws Exception {
        network.blackHole(true);
        CallingEarlyAsync.asked = () -> network.blackHole(false);
        try (ConfigurableApplicationContext context = start(CallingEarlyAsync.class, "lettuce", PATIENT)) {
            assertThat(context.getBean(EarlyAsyncCaller.class)
                            .decision
                            .get(30, TimeUnit.SECONDS)
                            .source())
                    .isEqualTo(DecisionSource.STORE);
        }
    }

    @Test
    void theScriptIsLoadedBeforeTheFirstDecision() {
        try (ConfigurableApplicationContext context = start(Application.class, "lettuce", PATIENT)) {
            redis.command("CONFIG", "RESETSTAT");
            decide(context);
            assertThat(String.valueOf(redis.command("INFO", "commandstats")))
                    .contains("cmdstat_evalsha:calls=1,")
                    .doesNotContain("cmdstat_eval:");
        }
    }

    @Test
    void aStoreThatIsDownDelaysTheStartByNoMoreThanTheWait() {
        network.blackHole(true);
        long begun = System.nanoTime();
        try (ConfigurableApplicationContext context =
                start(Application.class, "lettuce", "--ratelimit.redis.startup-wait=3s")) {
            assertThat(Duration.ofNanos(System.nanoTime() - begun))
                    .isBetween(Duration.ofSeconds(3), Duration.ofSeconds(20));
            long called = System.nanoTime();
            assertThat(decide(context).source()).isEqualTo(DecisionSource.LOCAL);
            assertThat(Duration.ofNanos(System.nanoTime() - called)).isLessThan(Duration.ofMillis(2_500));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"lettuce", "jedis"})
    void aServerThatRefusesTheConnectionDoesNotDelayTheStart(String client) {
        network.refuse(true);
        long begun = System.nanoTime();
        try (ConfigurableApplicationContext context = start(Application.class, client, PATIENT)) {
            assertThat(decide(context).source()).isEqualTo(DecisionSource.LOCAL);
            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(25));
        }
    }

    @Test
    void theTimeOfTheStartupCheckBeginsWhenTheWarmUpHasEnded() {
        Duration timeout = Duration.ofMillis(1);
        Duration second = Duration.ofSeconds(1);
        HeldDriver driver = new HeldDriver(LettuceScriptClient.of(TestConnections.lettuce(redis), timeout));
        RedisRateLimitStore store =
                new RedisRateLimitStore(driver, RateLimitScript.packaged(), new RedisKeys("ratelimit"), timeout);
        driver.hold();
        long begun = System.nanoTime();
        store.warmUp(second);

        assertThatThrownBy(() -> RedisStartupCheck.await(store, second)).isInstanceOf(RedisStartupException.class);
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isGreaterThanOrEqualTo(second.plus(second));
    }

    @Test
    void theWaitCanBeSwitchedOff() {
        network.blackHole(true);
        try (ConfigurableApplicationContext context =
                start(CallingEarly.class, "lettuce", "--ratelimit.redis.startup-wait=0")) {
            assertThat(context.getBean(EarlyCaller.class).decision.source()).isEqualTo(DecisionSource.LOCAL);
        }
    }

    @Test
    void anApplicationWhoseBeansAreLazyIsWarmedUpToo() {
        try (ConfigurableApplicationContext context =
                start(Application.class, "lettuce", PATIENT, "--spring.main.lazy-initialization=true")) {
            redis.command("CONFIG", "RESETSTAT");
            assertThat(decide(context).source()).isEqualTo(DecisionSource.STORE);
            assertThat(String.valueOf(redis.command("INFO", "commandstats"))).doesNotContain("cmdstat_eval:");
        }
    }

    @Test
    void oneLineAtTheStartTellsTheStoreItsAddressAndTheNumberOfLimits(CapturedOutput output) {
        redis.command("CONFIG", "SET", "requirepass", "secret");
        start(Application.class, "lettuce", PATIENT, "--spring.data.redis.password=secret")
                .close();
        assertThat(output.toString().lines().filter(line -> line.contains("rate limit")))
                .singleElement()
                .asString()
                .contains("INFO")
                .endsWith("1 rate limit, store redis at " + network.host() + ":" + network.port());
        assertThat(output).doesNotContain("secret");
    }

    private void answerAfterOneSecond() {
        network.blackHole(true);
        CompletableFuture.delayedExecutor(1, TimeUnit.SECONDS).execute(() -> network.blackHole(false));
    }

    private ConfigurableApplicationContext start(Class<?> application, String client, String... properties) {
        return new SpringApplicationBuilder(application)
                .web(WebApplicationType.NONE)
                .run(Stream.concat(
                                Stream.of(
                                        "--spring.main.banner-mode=off",
                                        "--spring.data.redis.client-type=" + client,
                                        "--spring.data.redis.host=" + network.host(),
                                        "--spring.data.redis.port=" + network.port(),
                                        "--ratelimit.limits.search=10/s"),
                                Stream.of(properties))
                        .toArray(String[]::new));
    }

    private static Decision decide(ConfigurableApplicationContext context) {
        return context.getBean(RateLimiterRegistry.class).get("search").tryAcquire("ann");
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Application {}

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class CallingEarly {

        @Bean
        EarlyCaller earlyCaller(RateLimiterRegistry registry) {
            return new EarlyCaller(registry.get("search").tryAcquire("ann"));
        }
    }

    record EarlyCaller(Decision decision) {}

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class CallingEarlyAsync {

        private static Runnable asked = () -> {};

        @Bean
        EarlyAsyncCaller earlyAsyncCaller(RateLimiterRegistry registry) {
            CompletableFuture<Decision> decision =
                    registry.get("search").tryAcquireAsync("ann").toCompletableFuture();
            assertThat(decision).isNotDone();
            asked.run();
            return new EarlyAsyncCaller(decision);
        }
    }

    record EarlyAsyncCaller(CompletableFuture<Decision> decision) {}
}
