package io.ratelimit.redis;

import io.ratelimit.RateLimitStore;
import io.ratelimit.autoconfigure.InMemoryStoreConfiguration;
import io.ratelimit.autoconfigure.RateLimitAutoConfiguration;
import io.ratelimit.autoconfigure.RateLimitStoreCustomizer;
import io.ratelimit.autoconfigure.StoreAddress;
import io.ratelimit.memory.InMemoryRateLimitStore;
import io.ratelimit.remote.RemoteRateLimitStore;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.DependsOn;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Lazy;
import org.springframework.data.redis.connection.RedisConnectionFactory;

/**
 * Auto-configuration of the store on Redis, with a fallback to this node's memory, if the application has a Redis
 * connection factory.
 */
@AutoConfiguration(
        before = RateLimitAutoConfiguration.class,
        afterName = "org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration")
@ConditionalOnClass(RedisConnectionFactory.class)
@ConditionalOnBean(RedisConnectionFactory.class)
@ConditionalOnBooleanProperty(name = "ratelimit.enabled", matchIfMissing = true)
@Conditional(OnRedisStoreCondition.class)
@ConditionalOnMissingBean(RateLimitStore.class)
@Import(InMemoryStoreConfiguration.class)
@EnableConfigurationProperties(RedisProperties.class)
public final class RateLimitRedisAutoConfiguration {

    RateLimitRedisAutoConfiguration() {}

    /**
     * Creates the store after the settings, so that an invalid property is reported before Redis is asked. The store
     * warms up while the other beans are created.
     */
    @Bean(defaultCandidate = false)
    @DependsOn("rateLimitSettings")
    RedisRateLimitStore rateLimitRedis(RedisProperties properties, ListableBeanFactory beans) {
        RedisRateLimitStore store = RedisRateLimitStore.create(
                ConnectionFactorySelector.select(properties.connectionFactory(), beans),
                properties.keyPrefix(),
                properties.timeout());
        store.warmUp(properties.startupWait());
        if (properties.requireAtStartup()) {
            RedisStartupCheck.await(store);
        }
        return store;
    }

    /** Waits for the end of the warm-up when all beans are created, before a web server accepts requests. */
    @Bean
    @Lazy(false)
    SmartInitializingSingleton rateLimitRedisWarmUp(@Qualifier("rateLimitRedis") RedisRateLimitStore redis) {
        return redis::awaitWarmUp;
    }

    @Bean
    StoreAddress rateLimitRedisAddress(RedisProperties properties, ListableBeanFactory beans) {
        return RedisAddress.of(ConnectionFactorySelector.select(properties.connectionFactory(), beans));
    }

    @Bean
    RemoteRateLimitStore rateLimitStore(
            @Qualifier("rateLimitRedis") RedisRateLimitStore redis,
            @Qualifier("rateLimitMemory") InMemoryRateLimitStore memory,
            ObjectProvider<RateLimitStoreCustomizer> customizers) {
        RemoteRateLimitStore.Builder builder = RemoteRateLimitStore.builder(redis, memory);
        customizers.orderedStream().forEach(customizer -> builder.decorator(customizer::customize));
        return builder.build();
    }
}
