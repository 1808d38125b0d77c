package io.ratelimit.autoconfigure;

import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.actuate.RateLimitsEndpoint;
import io.ratelimit.aop.RateLimitedMethodRegistry;
import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;

/** The actuator endpoint {@code ratelimits}, where it is exposed. */
@AutoConfiguration(
        after = RateLimitAutoConfiguration.class,
        afterName = "org.springframework.boot.actuate.autoconfigure.endpoint.EndpointAutoConfiguration")
@ConditionalOnClass(ConditionalOnAvailableEndpoint.class)
public final class RateLimitEndpointAutoConfiguration {

    RateLimitEndpointAutoConfiguration() {}

    @Bean
    @ConditionalOnAvailableEndpoint
    @ConditionalOnMissingBean
    RateLimitsEndpoint rateLimitsEndpoint(RateLimiterRegistry registry, RateLimitedMethodRegistry methods) {
        return new RateLimitsEndpoint(registry, methods::usedBy, methods::withComputedLimit);
    }

    /** The endpoint shows totals, which a registry without listeners would not count. */
    @Bean
    @ConditionalOnAvailableEndpoint(endpoint = RateLimitsEndpoint.class)
    DecisionCounting rateLimitTotals() {
        return new DecisionCounting();
    }
}
