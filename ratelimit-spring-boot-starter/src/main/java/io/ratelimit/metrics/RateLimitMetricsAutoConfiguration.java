package io.ratelimit.metrics;

import io.micrometer.core.instrument.MeterRegistry;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.autoconfigure.RateLimitAutoConfiguration;
import io.ratelimit.autoconfigure.RateLimitStoreCustomizer;
import io.ratelimit.memory.InMemoryRateLimitStore;
import io.ratelimit.redis.RateLimitRedisAutoConfiguration;
import io.ratelimit.redis.RedisRateLimitStore;
import io.ratelimit.remote.RemoteRateLimitStore;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.util.function.SingletonSupplier;

/** Auto-configuration of the meters {@code ratelimit.*}, if the application has a Micrometer registry. */
@AutoConfiguration(
        after = {RateLimitAutoConfiguration.class, RateLimitRedisAutoConfiguration.class},
        afterName = "org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration")
@ConditionalOnClass(MeterRegistry.class)
@ConditionalOnBean(MeterRegistry.class)
public final class RateLimitMetricsAutoConfiguration {

    RateLimitMetricsAutoConfiguration() {}

    @Bean
    RateLimitMetrics rateLimitMetrics(MeterRegistry meters, ObjectProvider<RateLimiterRegistry> registry) {
        return new RateLimitMetrics(meters, SingletonSupplier.of(registry::getObject));
    }

    @Bean
    @ConditionalOnBean(name = "rateLimitMemory")
    MemoryStoreMetrics rateLimitMemoryMetrics(@Qualifier("rateLimitMemory") InMemoryRateLimitStore memory) {
        return new MemoryStoreMetrics(memory);
    }

    @Bean
    RateLimitStoreCustomizer rateLimitMeteredStore(MeterRegistry registry) {
        return remote -> new MeteredStore(remote, registry);
    }

    @Configuration(proxyBeanMethods = false)
    @ConditionalOnBean(name = "rateLimitRedis")
    static final class OfRedis {

        @Bean
        RedisStoreMetrics rateLimitRedisMetrics(@Qualifier("rateLimitRedis") RedisRateLimitStore redis) {
            return new RedisStoreMetrics(redis);
        }

        @Bean
        PrefetchMetrics rateLimitPrefetchMetrics(RemoteRateLimitStore store, MeterRegistry registry) {
            return new PrefetchMetrics(store, registry);
        }
    }
}
