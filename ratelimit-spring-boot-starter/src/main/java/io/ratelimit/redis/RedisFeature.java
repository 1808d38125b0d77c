package io.ratelimit.redis;

import io.ratelimit.autoconfigure.InvalidRateLimitPropertyException;
import io.ratelimit.autoconfigure.RateLimitFeature;
import org.springframework.aot.AotDetector;

/** The properties of the store on Redis. Those that need Redis are rejected if there is no connection factory. */
final class RedisFeature implements RateLimitFeature<RedisProperties> {

    private static final String ABSENT = "there is no Redis connection factory";

    @Override
    public String name() {
        return "redis";
    }

    @Override
    public Class<RedisProperties> propertiesType() {
        return RedisProperties.class;
    }

    @Override
    public void checkMemoryStore(RedisProperties properties, boolean selected) {
        if (selected && AotDetector.useGeneratedArtifacts()) {
            throw new InvalidRateLimitPropertyException(
                    "ratelimit.store",
                    "redis",
                    "the application was processed ahead of time for a store in memory",
                    "add spring-boot-starter-data-redis if it is missing, and process the application with"
                            + " ratelimit.store=redis");
        }
        if (selected) {
            throw new InvalidRateLimitPropertyException(
                    "ratelimit.store", "redis", ABSENT, "add spring-boot-starter-data-redis, or use memory");
        }
        if (properties.connectionFactory() != null) {
            throw new InvalidRateLimitPropertyException(
                    RedisProperties.PREFIX + ".connection-factory",
                    properties.connectionFactory(),
                    ABSENT,
                    "define one of this name, or drop the property");
        }
        if (properties.requireAtStartup()) {
            throw new InvalidRateLimitPropertyException(
                    RedisProperties.PREFIX + ".require-at-startup",
                    true,
                    ABSENT,
                    "add spring-boot-starter-data-redis, or drop the property");
        }
    }
}
