package io.ratelimit.redis;

/** Says that a setting of the Redis store is wrong, and what to write instead. */
public final class InvalidRedisSettingException extends IllegalArgumentException {

    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message the value, the rule it breaks, and the fix
     */
    public InvalidRedisSettingException(String message) {
        super(message);
    }
}
