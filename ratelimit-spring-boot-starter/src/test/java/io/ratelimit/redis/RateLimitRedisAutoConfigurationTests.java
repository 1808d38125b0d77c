package io.ratelimit.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.ratelimit.Decision;
import io.ratelimit.DecisionSource;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.aop.RateLimitAopAutoConfiguration;
import io.ratelimit.autoconfigure.InvalidRateLimitPropertyException;
import io.ratelimit.autoconfigure.RateLimitAutoConfiguration;
import io.ratelimit.remote.RemoteRateLimitStore;
import io.ratelimit.test.redis.RedisExtension;
import io.ratelimit.test.redis.RedisServer;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationContext;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

/** The effect of the properties of the Redis store, on a real server. */
@Tag("compatibility")
@ExtendWith(RedisExtension.class)
class RateLimitRedisAutoConfigurationTests {

    private static final String NAME = "ratelimit.redis.connection-factory";

    private final RedisServer redis;
    private final ApplicationContextRunner application = new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(
                    AopAutoConfiguration.class,
                    RateLimitAutoConfiguration.class,
                    RateLimitAopAutoConfiguration.class,
                    RateLimitRedisAutoConfiguration.class))
            .withPropertyValues("ratelimit.limits.search=2/1h", "ratelimit.redis.timeout=5s");

    RateLimitRedisAutoConfigurationTests(RedisServer redis) {
        this.redis = redis;
    }

    @Test
    void usesTheNamedConnectionFactory() {
        ApplicationContextRunner several =
                factory(factory(application, "alive", redis.port(), false), "dead", 1, false);
        several.withPropertyValues(NAME + "=alive")
                .run(context -> assertThat(ask(context).source()).isEqualTo(DecisionSource.STORE));
        several.withPropertyValues(NAME + "=dead")
                .run(context -> assertThat(ask(context).source()).isEqualTo(DecisionSource.LOCAL));
    }

    @Test
    void usesThePrimaryConnectionFactoryIfNoneIsNamed() {
        factory(factory(application, "dead", 1, false), "alive", redis.port(), true)
                .run(context -> assertThat(ask(context).source()).isEqualTo(DecisionSource.STORE));
    }

    @Test
    void doesNotStartWithSeveralConnectionFactoriesOfWhichNoneIsNamed() {
        factory(factory(application, "second", 1, false), "first", 1, false)
                .run(context -> assertThat(context)
                        .getFailure()
                        .rootCause()
                        .isInstanceOf(InvalidRateLimitPropertyException.class)
                        .hasMessage(
                                "Invalid property " + NAME + " = \"\": there are several Redis connection factories, "
                                        + "and none is named or primary; use one of first, second"));
    }

    @Test
    void doesNotStartWithAConnectionFactoryThatIsNotThere() {
        ApplicationContextRunner misspelt = application.withPropertyValues(NAME + "=primry");
        factory(factory(misspelt, "second", 1, false), "primary", 1, true)
                .run(context -> assertThat(context)
                        .getFailure()
                        .rootCause()
                        .isInstanceOf(InvalidRateLimitPropertyException.class)
                        .hasMessage("Invalid property " + NAME
                                + " = \"primry\": no Redis connection factory has this name; use one"
                                + " of primary, second"));
        misspelt.run(context -> assertThat(context)
                .getFailure()
                .rootCause()
                .isInstanceOf(InvalidRateLimitPropertyException.class)
                .hasMessage("Invalid property " + NAME + " = \"primry\": there is no Redis connection factory; "
                        + "define one of this name, or drop the property"));
    }

    @Test
    void usesTheConfiguredKeyPrefix() {
        redis.command("FLUSHALL");
        onRedis(redis)
                .withPropertyValues("ratelimit.redis.key-prefix=shop:limits")
                .run(context -> {
                    assertThat(ask(context).source()).isEqualTo(DecisionSource.STORE);
                    assertThat(redis.command("KEYS", "*")).isEqualTo(List.of("shop:limits:{ann}:search"));
                });
    }

    @Test
    void cachesDenials() {
        redis.command("FLUSHALL");
        onRedis(redis).run(context -> {
            while (ask(context).admitted()) {}
            redis.command("CONFIG", "RESETSTAT");
            for (int i = 0; i < 50; i++) {
                assertThat(ask(context).source()).isEqualTo(DecisionSource.STORE);
            }
            assertThat(String.valueOf(redis.command("INFO", "commandstats")))
                    .doesNotContainPattern("cmdstat_evalsha:calls=(\\d{2}|[5-9])");
        });
    }

    @Test
    void prefetchesTheConfiguredTokensAndRefundsThemAtTheEnd() {
        redis.command("FLUSHALL");
        String[] rest = new String[1];
        onRedis(redis)
                .withPropertyValues("ratelimit.limits.search=1000/1d", "ratelimit.limits.search.prefetch=50")
                .run(context -> {
                    RemoteRateLimitStore ahead = context.getBean(RemoteRateLimitStore.class);
                    await().untilAsserted(() -> {
                        assertThat(ask(context).source()).isEqualTo(DecisionSource.STORE);
                        assertThat(ahead.prefetchedTokens("search").orElse(0)).isBetween(40.0, 50.0);
                    });
                    rest[0] = ""
                            + context.getBean(RateLimiterRegistry.class)
                                    .get("search")
                                    .peek("ann")
                                    .remaining();
                });
        onRedis(redis).withPropertyValues("ratelimit.limits.search=1000/1d").run(context -> {
            assertThat(ask(context).remaining()).isGreaterThan(Double.parseDouble(rest[0]) + 30);
            assertThat(context.getBean(RemoteRateLimitStore.class).prefetchedTokens("search"))
                    .hasValue(0);
        });
    }

    @Test
    void waitsForASlowServerWithinTheTimeout() {
        try (RedisServer slow = RedisServer.start()) {
            onRedis(slow).run(context -> {
                assertThat(ask(context).source()).isEqualTo(DecisionSource.STORE);
                slow.command("CLIENT", "PAUSE", "1000");
                assertThat(ask(context).source()).isEqualTo(DecisionSource.STORE);
            });
        }
    }

    @Test
    void waitsForASlowServerNoLongerThanTheTimeout() {
        try (RedisServer slow = RedisServer.start()) {
            slow.command("CLIENT", "PAUSE", "4000");
            onRedis(slow).withPropertyValues("ratelimit.redis.timeout=50ms").run(context -> {
                long start = System.nanoTime();
                assertThat(ask(context).source()).isEqualTo(DecisionSource.LOCAL);
                assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(2));
            });
        }
    }

    @Test
    @ExtendWith(OutputCaptureExtension.class)
    void warnsOfAServerThatMayEvictKeys(CapturedOutput output) {
        try (RedisServer evicting = RedisServer.start()) {
            evicting.command("CONFIG", "SET", "maxmemory", "100mb");
            evicting.command("CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
            onRedis(evicting)
                    .run(context -> await().untilAsserted(
                                    () -> assertThat(output).contains("Redis may evict rate limit keys")));
        }
    }

    private ApplicationContextRunner onRedis(RedisServer server) {
        return application
                .withConfiguration(AutoConfigurations.of(DataRedisAutoConfiguration.class))
                .withPropertyValues(
                        "spring.data.redis.host=" + server.host(), "spring.data.redis.port=" + server.port());
    }

    private static ApplicationContextRunner factory(
            ApplicationContextRunner runner, String name, int port, boolean primary) {
        return runner.withBean(
                name,
                RedisConnectionFactory.class,
                () -> new LettuceConnectionFactory(new RedisStandaloneConfiguration("127.0.0.1", port)),
                definition -> definition.setPrimary(primary));
    }

    private static Decision ask(ApplicationContext context) {
        return context.getBean(RateLimiterRegistry.class).get("search").tryAcquire("ann");
    }
}
