package io.ratelimit.http;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.http.ProblemDetail;

/** Auto-configuration of the problem details for rejected calls, in Spring MVC and WebFlux applications. */
@AutoConfiguration
@ConditionalOnWebApplication
@ConditionalOnClass(ProblemDetail.class)
public final class RateLimitHttpAutoConfiguration {

    RateLimitHttpAutoConfiguration() {}

    @Bean
    @ConditionalOnMissingBean
    RateLimitExceptionHandler rateLimitExceptionHandler(RateLimitResponseFactory responses) {
        return new RateLimitExceptionHandler(responses);
    }

    @Bean
    RateLimitResponseFactory rateLimitResponseFactory() {
        return new RateLimitResponseFactory(new InvalidCallLogger(System::nanoTime));
    }
}
