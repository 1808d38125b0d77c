package io.ratelimit.actuate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.ratelimit.Limit;
import io.ratelimit.RateLimiter;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.aop.RateLimitAopAutoConfiguration;
import io.ratelimit.autoconfigure.RateLimitAutoConfiguration;
import io.ratelimit.redis.RateLimitRedisAutoConfiguration;
import io.ratelimit.test.redis.RedisServer;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.health.autoconfigure.contributor.HealthContributorAutoConfiguration;
import org.springframework.boot.health.autoconfigure.registry.HealthContributorRegistryAutoConfiguration;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.boot.health.registry.HealthContributorRegistry;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;

@Tag("compatibility")
class RateLimitHealthTests {

    private final ApplicationContextRunner application = new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(
                    AopAutoConfiguration.class,
                    DataRedisAutoConfiguration.class,
                    RateLimitAutoConfiguration.class,
                    RateLimitAopAutoConfiguration.class,
                    RateLimitRedisAutoConfiguration.class,
                    RateLimitHealthAutoConfiguration.class,
                    HealthContributorAutoConfiguration.class,
                    HealthContributorRegistryAutoConfiguration.class))
            .withPropertyValues("ratelimit.limits.search=1/h");

    @Test
    void isUpInMemoryAndTakesNothing() {
        application.withPropertyValues("ratelimit.store=memory").run(context -> {
            for (int i = 0; i < 3; i++) {
                Health health = health(context);
                assertThat(health.getStatus()).isEqualTo(Status.UP);
                assertThat(health.getDetails())
                        .containsEntry("store", "memory")
                        .containsEntry("state", "up")
                        .doesNotContainKey("reason");
            }
            RateLimiter search = context.getBean(RateLimiterRegistry.class).get("search");
            assertThat(search.tryAcquire().admitted()).isTrue();
        });
    }

    @Test
    void isUnknownWithTheReasonWhileRedisIsAwayAndUpAgainAfterwards() {
        try (RedisServer redis = RedisServer.start()) {
            application
                    .withPropertyValues("spring.data.redis.port=" + redis.port())
                    .run(context -> {
                        await().until(() -> health(context).getStatus() == Status.UP);
                        redis.kill();
                        await().until(() -> health(context).getStatus() == Status.UNKNOWN);
                        assertThat(health(context).getDetails())
                                .containsEntry("store", "redis")
                                .containsEntry("state", "down")
                                .extractingByKey("reason")
                                .asString()
                                .startsWith("Redis could not be asked: ");
                        redis.restart();
                        await().atMost(Duration.ofSeconds(5))
                                .until(() -> health(context).getStatus() == Status.UP);
                    });
        }
    }

    @Test
    void isUpWhenItIsSwitchedOff() {
        application
                .withPropertyValues("ratelimit.enabled=false")
                .run(context -> assertThat(health(context).getDetails()).containsEntry("state", "disabled"));
    }

    @Test
    void canBeLeftOut() {
        application
                .withPropertyValues("ratelimit.store=memory", "management.health.ratelimit.enabled=false")
                .run(context -> assertThat(context).doesNotHaveBean(RateLimitHealthIndicator.class));
    }

    @Test
    void ofAStoreWithoutAFallbackIsUnknownToo() {
        RateLimitsEndpointResponses.FailingStore store = new RateLimitsEndpointResponses.FailingStore();
        try (RateLimiterRegistry registry = new RateLimiterRegistry(store, List.of())) {
            registry.define(Limit.of("search", "1/h"));
            RateLimitHealthIndicator indicator = new RateLimitHealthIndicator(registry);
            assertThat(indicator.health().getStatus()).isEqualTo(Status.UP);
            store.fail();
            assertThat(indicator.health().getStatus()).isEqualTo(Status.UNKNOWN);
            assertThat(indicator.health().getDetails()).containsEntry("reason", "the store cannot be asked");
        }
    }

    private static Health health(ApplicationContext context) {
        HealthContributorRegistry registry = context.getBean(HealthContributorRegistry.class);
        HealthIndicator indicator = (HealthIndicator) registry.getContributor("ratelimit");
        assertThat(indicator).isNotNull();
        return indicator.health();
    }
}
