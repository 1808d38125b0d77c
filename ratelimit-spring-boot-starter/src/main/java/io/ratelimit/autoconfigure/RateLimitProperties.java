package io.ratelimit.autoconfigure;

import io.ratelimit.Limit;
import java.util.List;
import java.util.Map;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.NestedConfigurationProperty;
import org.springframework.boot.context.properties.bind.DefaultValue;

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

    RateLimitSettings toSettings() {
        return new RateLimitSettings(
                enabled, emptyKey == EmptyKeyPolicy.SHARED, unknownLimit == UnknownLimitPolicy.UNLIMITED);
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
}
