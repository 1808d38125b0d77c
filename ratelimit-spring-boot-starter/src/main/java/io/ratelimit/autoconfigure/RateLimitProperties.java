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
 * @param enabled Whether calls are limited. If false, every bean is there and every call is admitted.
 * @param store Where buckets are kept; auto takes Redis if the application has a Redis connection factory.
 * @param emptyKey What a call with a null or blank key gets; an exception, or the bucket that all such calls share.
 * @param unknownLimit What a call gets whose limit is computed and not defined; an exception, or no limit.
 * @param defaults What limits use that do not say otherwise.
 * @param limits Limits by name, each one given by its rates as text or by its properties.
 * @param memory The store in memory.
 * @param redis The store in Redis.
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
                    "there is no Redis connection factory; add spring-boot-starter-data-redis, or use memory");
        }
        if (enabled && store == StoreType.AUTO && redis.connectionFactory() != null) {
            throw new InvalidRateLimitPropertyException(
                    PREFIX + ".redis.connection-factory",
                    redis.connectionFactory(),
                    "there is no Redis connection factory; define one of this name, or drop the property");
        }
        if (enabled && store == StoreType.AUTO && redis.requireAtStartup()) {
            throw new InvalidRateLimitPropertyException(
                    PREFIX + ".redis.require-at-startup",
                    true,
                    "there is no Redis connection factory; add spring-boot-starter-data-redis, or drop the property");
        }
    }

    /**
     * The store in memory.
     *
     * @param maxKeys How many keys may have buckets of their own, 1 or more, at most one for each KB of heap; others share.
     */
    record Memory(@DefaultValue("1000000") int maxKeys) {

        Memory {
            if (maxKeys < 1) {
                throw new InvalidRateLimitPropertyException(
                        PREFIX + ".memory.max-keys", maxKeys, "not positive; use 1 or more");
            }
        }
    }

    /**
     * The store in Redis.
     *
     * @param timeout How long a decision may take, 1ms to 1m, before the limit's on-store-failure answers.
     * @param keyPrefix What all keys begin with, 1 to 32 letters, digits, dots, colons, dashes and underscores.
     * @param connectionFactory Name of the connection factory bean whose settings are used, where there are several.
     * @param requireAtStartup Whether the application refuses to start when Redis does not answer within 5s.
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
                        PREFIX + ".redis." + ex.getSetting(), ex.getValue(), ex.getRule());
            }
        }
    }

    /**
     * The advice of annotated methods.
     *
     * @param mode Who limits annotated methods; proxies of beans, or an aspect that AspectJ weaves into the methods.
     * @param order Order of a proxy's advice among others. The default is outermost, before security, transactions, caching.
     */
    record Aop(
            @DefaultValue("proxy") AdviceMode mode,
            @DefaultValue("" + Ordered.HIGHEST_PRECEDENCE) int order) {

        Aop {
            if (mode == AdviceMode.ASPECTJ && !ASPECTJ_PRESENT) {
                throw new InvalidRateLimitPropertyException(
                        PREFIX + ".aop.mode",
                        "aspectj",
                        "AspectJ is not on the class path; add spring-boot-starter-aspectj, or use proxy");
            }
        }
    }
}
