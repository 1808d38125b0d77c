package io.ratelimit.benchmarks;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.ratelimit.annotation.RateLimited;
import io.ratelimit.aop.RateLimitAopAutoConfiguration;
import io.ratelimit.autoconfigure.RateLimitAutoConfiguration;
import io.ratelimit.metrics.RateLimitMetricsAutoConfiguration;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/** An application with our annotation, in memory, with meters. */
@Configuration(proxyBeanMethods = false)
@ImportAutoConfiguration({
    AopAutoConfiguration.class,
    RateLimitAutoConfiguration.class,
    RateLimitAopAutoConfiguration.class,
    RateLimitMetricsAutoConfiguration.class
})
@Import({SimpleMeterRegistry.class, RatelimitApplication.Searches.class})
class RatelimitApplication {

    static Searches open() {
        return start().getBean(Searches.class);
    }

    static ConfigurableApplicationContext start() {
        return BenchmarkApplication.start(
                RatelimitApplication.class,
                "ratelimit.store=memory",
                "ratelimit.limits.benchmark.rates=" + BenchmarkLimit.PLENTY.rate(),
                "ratelimit.limits.second.rates=" + BenchmarkLimit.PLENTY.rate(2),
                "ratelimit.limits.third.rates=" + BenchmarkLimit.PLENTY.rate(3));
    }

    /** The bean whose methods are measured. */
    static class Searches {

        @RateLimited(limit = "benchmark", key = "#userId")
        public String byKey(String userId, SearchRequest request) {
            return userId;
        }

        @RateLimited(limit = "benchmark", key = "#request.user.id")
        public String byProperty(String userId, SearchRequest request) {
            return userId;
        }

        @RateLimited(limit = "benchmark", key = "#userId", costExpression = "#request.rows / 100.0")
        public String byCost(String userId, SearchRequest request) {
            return userId;
        }

        @RateLimited(limit = "benchmark", key = "#userId", condition = "#request.rows > 100")
        public String onCondition(String userId, SearchRequest request) {
            return userId;
        }

        @RateLimited(limit = "benchmark", key = "#userId")
        @RateLimited(limit = "second", key = "#userId")
        @RateLimited(limit = "third", key = "#userId")
        public String byThreeLimits(String userId, SearchRequest request) {
            return userId;
        }

        @RateLimited(limit = "benchmark")
        public String shared(String userId, SearchRequest request) {
            return userId;
        }
    }
}
