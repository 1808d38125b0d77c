package io.ratelimit.autoconfigure;

import io.ratelimit.MemoryStore;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** This node's memory, for stores of ours: it keeps the buckets, or stands behind Redis. */
@Configuration(proxyBeanMethods = false)
final class LocalMemory {

    @Bean(defaultCandidate = false)
    MemoryStore rateLimitMemory(RateLimitProperties properties) {
        return MemoryStore.create(properties.memory().maxKeys());
    }
}
