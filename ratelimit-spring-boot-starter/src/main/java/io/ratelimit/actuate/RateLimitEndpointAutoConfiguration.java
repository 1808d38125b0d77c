package io.ratelimit.actuate;

import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.aop.RateLimitedMethodRegistry;
import io.ratelimit.autoconfigure.DecisionCounting;
import io.ratelimit.autoconfigure.RateLimitAutoConfiguration;
import java.util.List;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;

/** Auto-configuration of the actuator endpoint {@code ratelimits}, if it is exposed. */
@AutoConfiguration(
        after = RateLimitAutoConfiguration.class,
        afterName = "org.springframework.boot.actuate.autoconfigure.endpoint.EndpointAutoConfiguration")
@ConditionalOnClass(ConditionalOnAvailableEndpoint.class)
public final class RateLimitEndpointAutoConfiguration {

    RateLimitEndpointAutoConfiguration() {}

    @Bean
    @ConditionalOnAvailableEndpoint
    @ConditionalOnMissingBean
    RateLimitsEndpoint rateLimitsEndpoint(
            RateLimiterRegistry registry, ObjectProvider<RateLimitedMethodRegistry> methods) {
        RateLimitedMethodRegistry annotated = methods.getIfAvailable();
        return annotated == null
                ? new RateLimitsEndpoint(registry, limit -> List.of(), List::of)
                : new RateLimitsEndpoint(registry, annotated::usedBy, annotated::withComputedLimit);
    }

    /** The endpoint shows totals, which a registry without listeners would not count. */
    @Bean
    @ConditionalOnAvailableEndpoint(endpoint = RateLimitsEndpoint.class)
    DecisionCounting rateLimitDecisionCounting() {
        return new DecisionCounting();
    }
}
