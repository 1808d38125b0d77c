package io.ratelimit.autoconfigure;

import io.ratelimit.RateLimitListener;
import io.ratelimit.RateLimiters;
import io.ratelimit.actuate.RateLimitsEndpoint;
import io.ratelimit.aop.RateLimitedMethods;
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
    RateLimitsEndpoint rateLimitsEndpoint(RateLimiters limiters, RateLimitedMethods methods) {
        return new RateLimitsEndpoint(limiters, methods::usedBy, methods::choosing);
    }

    /** Decisions are counted for whoever listens, and the endpoint tells totals. */
    @Bean
    @ConditionalOnAvailableEndpoint(endpoint = RateLimitsEndpoint.class)
    RateLimitListener rateLimitTotals() {
        return new RateLimitListener() {};
    }
}
