package io.ratelimit.autoconfigure;

import io.ratelimit.memory.InMemoryRateLimitStore;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Configuration of the store in this node's memory, which keeps the buckets or answers while a remote store fails. */
@Configuration(proxyBeanMethods = false)
public final class InMemoryStoreConfiguration {

    InMemoryStoreConfiguration() {}

    @Bean(defaultCandidate = false)
    InMemoryRateLimitStore rateLimitMemory(RateLimitProperties properties) {
        return InMemoryRateLimitStore.create(properties.memory().maxKeys());
    }
}
