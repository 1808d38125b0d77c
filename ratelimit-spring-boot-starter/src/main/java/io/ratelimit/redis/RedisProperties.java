package io.ratelimit.redis;

import io.ratelimit.autoconfigure.InvalidRateLimitPropertyException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The properties of the store on Redis.
 *
 * @param timeout Deadline of a decision, from 1ms to 1m. After it, the on-store-failure of the limit applies.
 * @param keyPrefix Prefix of all keys on Redis: 1 to 32 letters, digits, dots, colons, dashes and underscores.
 * @param connectionFactory Name of the connection factory bean whose settings are used, if there are several.
 * @param startupWait How long the start may be delayed until Redis has answered for the first time, from 0 to 1m. Calls
 *     that begin earlier wait for this too.
 * @param requireAtStartup Whether the application fails to start if Redis does not answer within startup-wait and 5s
 *     more.
 */
@ConfigurationProperties(RedisProperties.PREFIX)
record RedisProperties(
        @DefaultValue("250ms") Duration timeout,
        @DefaultValue("ratelimit") String keyPrefix,
        @Nullable String connectionFactory,
        @DefaultValue("2s") Duration startupWait,
        @DefaultValue("false") boolean requireAtStartup) {

    static final String PREFIX = "ratelimit.redis";

    private static final Duration LONGEST_STARTUP_WAIT = Duration.ofMinutes(1);

    RedisProperties {
        try {
            new RedisSettings(keyPrefix, timeout);
        } catch (InvalidRedisSettingException ex) {
            throw new InvalidRateLimitPropertyException(
                    PREFIX + "." + ex.getSetting(), ex.getValue(), ex.getRule(), ex.getFix());
        }
        if (startupWait.isNegative() || startupWait.compareTo(LONGEST_STARTUP_WAIT) > 0) {
            throw new InvalidRateLimitPropertyException(
                    PREFIX + ".startup-wait", startupWait, "not between 0 and 1m", "use a time such as 2s");
        }
    }
}
