package io.ratelimit.autoconfigure;

import io.ratelimit.Limit;
import io.ratelimit.UnknownLimitPolicy;
import java.util.List;
import java.util.Map;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.NestedConfigurationProperty;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The properties under {@code ratelimit}.
 *
 * @param enabled Whether calls are limited. If false, all beans are created, every call is admitted, and limits may
 *     be missing.
 * @param store Where buckets are kept. With auto, on Redis if the application has a Redis connection factory, else in
 *     memory.
 * @param emptyKey How a call is answered whose key is null or blank, or has a null part: by an exception, or from one
 *     bucket that all such calls share.
 * @param unknownLimit How a call is answered whose limit is not defined, if its name was computed or passed to
 *     RateLimiterRegistry.get: by an exception, or without a limit.
 * @param defaults Defaults for limits that do not set a property themselves.
 * @param limits Limits by name, each given by its rates as text or by its properties.
 * @param memory The store in memory.
 */
@ConfigurationProperties(RateLimitProperties.PREFIX)
record RateLimitProperties(
        @DefaultValue("true") boolean enabled,
        @DefaultValue("auto") StoreType store,
        @DefaultValue("refuse") EmptyKeyPolicy emptyKey,
        @DefaultValue("fail") UnknownLimitPolicy unknownLimit,
        @NestedConfigurationProperty @DefaultValue LimitProperties defaults,
        @DefaultValue Map<String, LimitProperties> limits,
        @DefaultValue Memory memory) {

    static final String PREFIX = "ratelimit";

    /**
     * Creates all limits.
     *
     * @throws InvalidRateLimitPropertyException if a property has a value that no limit can have
     */
    List<Limit> toLimits() {
        defaults.check(PREFIX + ".defaults");
        return limits.entrySet().stream()
                .map(limit -> limit.getValue().toLimit(limit.getKey(), defaults))
                .toList();
    }

    /**
     * Checks that no property names a limit that a bean defines.
     *
     * @throws InvalidRateLimitPropertyException if one does, also if it writes the name otherwise
     */
    void checkBeside(List<Limit> beans) {
        for (Limit bean : beans) {
            limits.forEach((name, limit) -> {
                if (LimitKey.canonical(name).equals(LimitKey.canonical(bean.name()))) {
                    throw new InvalidRateLimitPropertyException(
                            LimitProperties.path(name),
                            limit.ratesText(),
                            "the limit \"" + bean.name() + "\" is a Limit bean, which properties do not override",
                            "drop the property, or drop the bean and set all of the limit by properties");
                }
            });
        }
    }

    /** {@return what the registry does with unknown limits: if limiting is switched off, limits may be missing} */
    UnknownLimitPolicy unknownLimitsOfRegistry() {
        return enabled ? unknownLimit : UnknownLimitPolicy.UNLIMITED;
    }

    RateLimitSettings toSettings() {
        return new RateLimitSettings(
                enabled, emptyKey == EmptyKeyPolicy.SHARED, unknownLimit == UnknownLimitPolicy.UNLIMITED);
    }

    /**
     * The store in memory.
     *
     * @param maxKeys Number of keys that have their own bucket in memory, 1 or more, at most one per KB of heap.
     *     Further keys evict a bucket that is at least half full, or share one.
     */
    record Memory(@DefaultValue("1000000") int maxKeys) {

        Memory {
            if (maxKeys < 1) {
                throw new InvalidRateLimitPropertyException(
                        PREFIX + ".memory.max-keys", maxKeys, "not positive", "use 1 or more");
            }
        }
    }
}
