package io.ratelimit.actuate;

import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.autoconfigure.RateLimitAutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;

/**
 * Auto-configuration of the health contributor {@code ratelimit}, unless {@code management.health.ratelimit.enabled} is
 * false.
 */
@AutoConfiguration(
        after = RateLimitAutoConfiguration.class,
        beforeName = "org.springframework.boot.health.autoconfigure.contributor.HealthContributorAutoConfiguration")
@ConditionalOnClass({HealthIndicator.class, ConditionalOnEnabledHealthIndicator.class})
@ConditionalOnEnabledHealthIndicator("ratelimit")
public final class RateLimitHealthAutoConfiguration {

    RateLimitHealthAutoConfiguration() {}

    @Bean
    @ConditionalOnMissingBean(name = "ratelimitHealthIndicator")
    RateLimitHealthIndicator ratelimitHealthIndicator(RateLimiterRegistry registry) {
        return new RateLimitHealthIndicator(registry);
    }
}
