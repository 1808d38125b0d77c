package io.ratelimit.autoconfigure;

import io.micrometer.core.instrument.MeterRegistry;
import io.ratelimit.MemoryStore;
import io.ratelimit.PrefetchingStore;
import io.ratelimit.metrics.MemoryStoreMeters;
import io.ratelimit.metrics.PrefetchMeters;
import io.ratelimit.metrics.RateLimitMeters;
import io.ratelimit.metrics.RedisStoreMeters;
import io.ratelimit.metrics.TimedStore;
import io.ratelimit.redis.RedisRateLimitStore;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The meters {@code ratelimit.*}, where the application has a Micrometer registry. */
@AutoConfiguration(
        after = {RateLimitAutoConfiguration.class, RateLimitRedisAutoConfiguration.class},
        afterName = "org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration")
@ConditionalOnClass(MeterRegistry.class)
@ConditionalOnBean(MeterRegistry.class)
public final class RateLimitMetricsAutoConfiguration {

    RateLimitMetricsAutoConfiguration() {}

    @Bean
    RateLimitMeters rateLimitMeters(MeterRegistry registry) {
        return new RateLimitMeters(registry);
    }

    @Bean
    @ConditionalOnBean(name = "rateLimitMemory")
    MemoryStoreMeters rateLimitMemoryMeters(@Qualifier("rateLimitMemory") MemoryStore memory) {
        return new MemoryStoreMeters(memory);
    }

    @Bean
    RemoteStoreDecorator rateLimitStoreTimer(MeterRegistry registry) {
        return remote -> new TimedStore(remote, registry);
    }

    @Configuration(proxyBeanMethods = false)
    @ConditionalOnBean(name = "rateLimitRedis")
    static final class OfRedis {

        @Bean
        RedisStoreMeters rateLimitRedisMeters(@Qualifier("rateLimitRedis") RedisRateLimitStore redis) {
            return new RedisStoreMeters(redis);
        }

        @Bean
        PrefetchMeters rateLimitPrefetchMeters(
                @Qualifier("rateLimitPrefetch") PrefetchingStore store, MeterRegistry registry) {
            return new PrefetchMeters(store, registry);
        }
    }
}
