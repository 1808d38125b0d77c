package io.ratelimit.autoconfigure;

import io.ratelimit.Limit;
import io.ratelimit.aop.AdviceSettings;
import io.ratelimit.aop.EmptyKeyPolicy;
import io.ratelimit.aop.UnknownLimitPolicy;
import io.ratelimit.redis.InvalidRedisSettingException;
import io.ratelimit.redis.RedisSettings;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.NestedConfigurationProperty;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.context.annotation.AdviceMode;
import org.springframework.core.Ordered;
import org.springframework.util.ClassUtils;

/**
 * The properties under {@code ratelimit}.
 *
 * @param enabled Whether calls are limited. If false, all beans are created and every call is admitted.
 * @param store Where buckets are kept. With auto, on Redis if the application has a Redis connection factory, else in
 *     memory.
 * @param emptyKey How a call with a null or blank key is answered: by an exception, or from one bucket that all such
 *     calls share.
 * @param unknownLimit How a call is answered whose computed limit is not defined: by an exception, or without a limit.
 * @param defaults Defaults for limits that do not set a property themselves.
 * @param limits Limits by name, each given by its rates as text or by its properties.
 * @param memory The store in memory.
 * @param redis The store on Redis.
 * @param aop The advice of annotated methods.
 */
@ConfigurationProperties(RateLimitProperties.PREFIX)
record RateLimitProperties(
        @DefaultValue("true") boolean enabled,
        @DefaultValue("auto") StoreType store,
        @DefaultValue("refuse") EmptyKeyPolicy emptyKey,
        @DefaultValue("fail") UnknownLimitPolicy unknownLimit,
        @NestedConfigurationProperty @DefaultValue LimitProperties defaults,
        @DefaultValue Map<String, LimitProperties> limits,
        @DefaultValue Memory memory,
        @DefaultValue Redis redis,
        @DefaultValue Aop aop) {

    static final String PREFIX = "ratelimit";

    private static final boolean ASPECTJ_PRESENT =
            ClassUtils.isPresent("org.aspectj.lang.ProceedingJoinPoint", RateLimitProperties.class.getClassLoader());

    /**
     * All limits, with what the defaults add to them.
     *
     * @throws InvalidRateLimitPropertyException if a property has a value that no limit can have
     */
    List<Limit> toLimits() {
        defaults.check(PREFIX + ".defaults");
        return limits.entrySet().stream()
                .map(limit -> limit.getValue().toLimit(limit.getKey(), defaults))
                .toList();
    }

    AdviceSettings toAdviceSettings() {
        return new AdviceSettings(enabled, emptyKey, unknownLimit, aop.mode(), aop.order());
    }

    /**
     * Checks that buckets may be kept in memory, where there is no other store.
     *
     * @throws InvalidRateLimitPropertyException if calls are limited, and Redis or a connection factory was asked for,
     *     or Redis required
     */
    void requireMemory() {
        if (enabled && store == StoreType.REDIS) {
            throw new InvalidRateLimitPropertyException(
                    PREFIX + ".store",
                    "redis",
                    "there is no Redis connection factory",
                    "add spring-boot-starter-data-redis, or use memory");
        }
        if (enabled && store == StoreType.AUTO && redis.connectionFactory() != null) {
            throw new InvalidRateLimitPropertyException(
                    PREFIX + ".redis.connection-factory",
                    redis.connectionFactory(),
                    "there is no Redis connection factory",
                    "define one of this name, or drop the property");
        }
        if (enabled && store == StoreType.AUTO && redis.requireAtStartup()) {
            throw new InvalidRateLimitPropertyException(
                    PREFIX + ".redis.require-at-startup",
                    true,
                    "there is no Redis connection factory",
                    "add spring-boot-starter-data-redis, or drop the property");
        }
    }

    /**
     * The store in memory.
     *
     * @param maxKeys Number of keys that have their own bucket in memory, 1 or more, at most one per KB of heap.
     *     Further keys share buckets.
     */
    record Memory(@DefaultValue("1000000") int maxKeys) {

        Memory {
            if (maxKeys < 1) {
                throw new InvalidRateLimitPropertyException(
                        PREFIX + ".memory.max-keys", maxKeys, "not positive", "use 1 or more");
            }
        }
    }

    /**
     * The store in Redis.
     *
     * @param timeout Deadline of a decision, from 1ms to 1m. After it, the on-store-failure of the limit applies.
     * @param keyPrefix Prefix of all keys on Redis: 1 to 32 letters, digits, dots, colons, dashes and underscores.
     * @param connectionFactory Name of the connection factory bean whose settings are used, if there are several.
     * @param requireAtStartup Whether the application fails to start if Redis does not answer within 5s.
     */
    record Redis(
            @DefaultValue("250ms") Duration timeout,
            @DefaultValue("ratelimit") String keyPrefix,
            @Nullable String connectionFactory,
            @DefaultValue("false") boolean requireAtStartup) {

        Redis {
            try {
                new RedisSettings(keyPrefix, timeout);
            } catch (InvalidRedisSettingException ex) {
                throw new InvalidRateLimitPropertyException(
                        PREFIX + ".redis." + ex.getSetting(), ex.getValue(), ex.getRule(), ex.getFix());
            }
        }
    }

    /**
     * The advice of annotated methods.
     *
     * @param mode How annotated methods are advised: by proxies of beans, or by an aspect that AspectJ weaves into the
     *     methods.
     * @param order Order of the proxies' advice. By default it is applied first, before security, transactions and
     *     caching.
     */
    record Aop(
            @DefaultValue("proxy") AdviceMode mode,
            @DefaultValue("" + Ordered.HIGHEST_PRECEDENCE) int order) {

        Aop {
            if (mode == AdviceMode.ASPECTJ && !ASPECTJ_PRESENT) {
                throw new InvalidRateLimitPropertyException(
                        PREFIX + ".aop.mode",
                        "aspectj",
                        "AspectJ is not on the class path",
                        "add spring-boot-starter-aspectj, or use proxy");
            }
        }
    }
}
