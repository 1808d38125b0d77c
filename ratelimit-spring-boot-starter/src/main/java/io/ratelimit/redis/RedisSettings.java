package io.ratelimit.redis;

import java.time.Duration;
import java.util.regex.Pattern;

/**
 * The settings of a Redis store, which are checked when they are created.
 *
 * @param keyPrefix the prefix of all keys: 1 to 32 letters, digits, dots, colons, dashes and underscores
 * @param timeout the deadline of a decision, 1 ms to 1 minute
 */
record RedisSettings(String keyPrefix, Duration timeout) {

    private static final Pattern KEY_PREFIX = Pattern.compile("[A-Za-z0-9._:-]{1,32}");
    private static final Duration SHORTEST = Duration.ofMillis(1);
    private static final Duration LONGEST = Duration.ofMinutes(1);

    /**
     * Checks the settings.
     *
     * @throws InvalidRedisSettingException if the prefix or the timeout is wrong
     */
    RedisSettings {
        if (timeout.compareTo(SHORTEST) < 0 || timeout.compareTo(LONGEST) > 0) {
            throw new InvalidRedisSettingException(
                    "timeout", timeout, "not between 1ms and 1m", "use a deadline such as 250ms");
        }
        if (!KEY_PREFIX.matcher(keyPrefix).matches()) {
            throw new InvalidRedisSettingException(
                    "key-prefix",
                    keyPrefix,
                    "not a key prefix",
                    "use 1 to 32 letters, digits, dots, colons, dashes and underscores");
        }
    }
}
