package io.ratelimit.benchmarks;

import io.github.resilience4j.ratelimiter.annotation.RateLimiter;
import io.github.resilience4j.springboot.ratelimiter.autoconfigure.RateLimiterAutoConfiguration;
import io.github.resilience4j.springboot.ratelimiter.autoconfigure.RateLimiterMetricsAutoConfiguration;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/** An application with Resilience4j's annotation, with meters. */
@Configuration(proxyBeanMethods = false)
@ImportAutoConfiguration({
    AopAutoConfiguration.class,
    RateLimiterAutoConfiguration.class,
    RateLimiterMetricsAutoConfiguration.class
})
@Import({SimpleMeterRegistry.class, Resilience4jApplication.Searches.class})
class Resilience4jApplication {

    static Searches open() {
        return BenchmarkApplication.bean(
                Searches.class,
                Resilience4jApplication.class,
                "resilience4j.ratelimiter.configs.benchmark.limit-for-period=" + Integer.MAX_VALUE,
                "resilience4j.ratelimiter.configs.benchmark.limit-refresh-period=1s",
                "resilience4j.ratelimiter.configs.benchmark.timeout-duration=0",
                "resilience4j.ratelimiter.instances.shared.base-config=benchmark");
    }

    /** The bean whose methods are measured. */
    static class Searches {

        @RateLimiter(name = "#userId", configuration = "benchmark")
        public String byKey(String userId, SearchRequest request) {
            return userId;
        }

        @RateLimiter(name = "shared")
        public String shared(String userId, SearchRequest request) {
            return userId;
        }
    }
}
