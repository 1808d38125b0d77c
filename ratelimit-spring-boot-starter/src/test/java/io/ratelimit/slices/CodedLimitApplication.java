package io.ratelimit.slices;

import io.ratelimit.RateLimiter;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.autoconfigure.RateLimitAutoConfiguration;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.context.annotation.Bean;

/** An application whose code, and no annotation, names a limit. */
@TestConfiguration(proxyBeanMethods = false)
@ImportAutoConfiguration(RateLimitAutoConfiguration.class)
class CodedLimitApplication {

    @Bean
    RateLimiter coded(RateLimiterRegistry registry) {
        return registry.get("coded");
    }
}
