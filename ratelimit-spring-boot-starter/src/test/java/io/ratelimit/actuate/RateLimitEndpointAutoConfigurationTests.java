package io.ratelimit.actuate;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.DecisionSource;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.aop.RateLimitAopAutoConfiguration;
import io.ratelimit.autoconfigure.RateLimitAutoConfiguration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

@Tag("compatibility")
class RateLimitEndpointAutoConfigurationTests {

    private final ApplicationContextRunner application = new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(
                    AopAutoConfiguration.class,
                    RateLimitAutoConfiguration.class,
                    RateLimitAopAutoConfiguration.class,
                    RateLimitEndpointAutoConfiguration.class))
            .withPropertyValues("ratelimit.store=memory", "ratelimit.limits.search=10/s");

    @Test
    void theEndpointShowsTotalsWithoutAnyListener() {
        application
                .withPropertyValues("management.endpoints.web.exposure.include=ratelimits")
                .run(context -> {
                    assertThat(context).hasSingleBean(RateLimitsEndpoint.class);
                    assertThat(counted(context.getBean(RateLimiterRegistry.class)))
                            .isEqualTo(1);
                });
    }

    @Test
    void nothingIsCountedWhereTheEndpointIsNotExposed() {
        application.run(context -> {
            assertThat(context).doesNotHaveBean(RateLimitsEndpoint.class);
            assertThat(counted(context.getBean(RateLimiterRegistry.class))).isZero();
        });
    }

    private static long counted(RateLimiterRegistry registry) {
        registry.get("search").tryAcquire("user-42");
        return registry.get("search").count(true, DecisionSource.STORE);
    }
}
