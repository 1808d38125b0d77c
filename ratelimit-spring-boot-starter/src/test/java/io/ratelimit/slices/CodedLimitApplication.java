package io.ratelimit.slices;

import io.ratelimit.RateLimiter;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.autoconfigure.RateLimitAutoConfiguration;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** An application whose code, and no annotation, names a limit. */
@Configuration(proxyBeanMethods = false)
@ImportAutoConfiguration(RateLimitAutoConfiguration.class)
class CodedLimitApplication {

    @Bean
    RateLimiter coded(RateLimiterRegistry registry) {
        return registry.get("coded");
    }
}
