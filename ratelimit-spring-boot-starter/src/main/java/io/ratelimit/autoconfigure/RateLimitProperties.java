package io.ratelimit.autoconfigure;

import io.ratelimit.Limit;
import io.ratelimit.aop.AdviceSettings;
import io.ratelimit.aop.EmptyKey;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.NestedConfigurationProperty;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.core.Ordered;

/**
 * The properties under {@code ratelimit}.
 *
 * @param enabled Whether calls are limited. If false, every bean is there and every call is admitted.
 * @param store Where buckets are kept; auto takes Redis if the application has a Redis connection factory.
 * @param emptyKey What a call with a null or blank key gets; an exception, or the bucket that all such calls share.
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
        @DefaultValue("refuse") EmptyKey emptyKey,
        @NestedConfigurationProperty @DefaultValue LimitProperties defaults,
        @DefaultValue Map<String, LimitProperties> limits,
        @DefaultValue Memory memory,
        @DefaultValue Redis redis,
        @DefaultValue Aop aop) {

    static final String PREFIX = "ratelimit";

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
        return new AdviceSettings(enabled, emptyKey, aop.order());
    }

    /**
     * Checks that buckets may be kept in memory, where there is no other store.
     *
     * @throws InvalidRateLimitPropertyException if they are to be kept in Redis
     */
    void requireMemory() {
        if (store == StoreType.REDIS) {
            throw new InvalidRateLimitPropertyException(
                    PREFIX + ".store",
                    "redis",
                    "there is no Redis connection factory; add spring-boot-starter-data-redis, or use memory");
        }
    }

    /**
     * The store in memory.
     *
     * @param maxKeys How many keys may have buckets of their own, 1 or more; further keys share buckets.
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
     */
    record Redis(
            @DefaultValue("250ms") Duration timeout,
            @DefaultValue("ratelimit") String keyPrefix,
            @Nullable String connectionFactory) {

        private static final Pattern KEY_PREFIX = Pattern.compile("[A-Za-z0-9._:-]{1,32}");
        private static final Duration SHORTEST = Duration.ofMillis(1);
        private static final Duration LONGEST = Duration.ofMinutes(1);

        Redis {
            if (timeout.compareTo(SHORTEST) < 0 || timeout.compareTo(LONGEST) > 0) {
                throw new InvalidRateLimitPropertyException(
                        PREFIX + ".redis.timeout", timeout, "not between 1ms and 1m; use a deadline such as 250ms");
            }
            if (!KEY_PREFIX.matcher(keyPrefix).matches()) {
                throw new InvalidRateLimitPropertyException(
                        PREFIX + ".redis.key-prefix",
                        keyPrefix,
                        "not a key prefix; use 1 to 32 letters, digits, dots, colons, dashes and underscores");
            }
        }
    }

    /**
     * The advice of annotated methods.
     *
     * @param order Order of the advice among others. The default is outermost, before security, transactions, caching.
     */
    record Aop(
            @DefaultValue("" + Ordered.HIGHEST_PRECEDENCE) int order) {}
}
