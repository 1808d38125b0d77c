package io.ratelimit.autoconfigure;

import io.ratelimit.InMemoryRateLimitStore;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** This node's memory, for stores of ours: it keeps the buckets, or stands behind Redis. */
@Configuration(proxyBeanMethods = false)
final class InMemoryStoreConfiguration {

    @Bean(defaultCandidate = false)
    InMemoryRateLimitStore rateLimitMemory(RateLimitProperties properties) {
        return InMemoryRateLimitStore.create(properties.memory().maxKeys());
    }
}
