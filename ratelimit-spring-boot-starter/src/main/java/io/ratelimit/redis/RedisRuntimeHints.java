package io.ratelimit.redis;

import org.jspecify.annotations.Nullable;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;

/**
 * Registers the files of the script, the field that has the servers of a Lettuce factory, and the drivers, which are
 * looked up by name, for native images.
 */
final class RedisRuntimeHints implements RuntimeHintsRegistrar {

    @Override
    public void registerHints(RuntimeHints hints, @Nullable ClassLoader classLoader) {
        hints.resources().registerPattern("io/ratelimit/redis/lua/*.lua");
        hints.reflection()
                .registerTypeIfPresent(classLoader, "io.lettuce.core.RedisClient")
                .registerTypeIfPresent(classLoader, "redis.clients.jedis.Jedis")
                .registerTypeIfPresent(classLoader, "redis.clients.jedis.RedisClient")
                .registerTypeIfPresent(
                        classLoader,
                        "org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory",
                        type -> type.withField("configuration"));
    }
}
