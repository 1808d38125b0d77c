package io.ratelimit.redis;

import io.ratelimit.StoreUnavailableException;

/** Thrown when Redis does not answer at start-up although {@code ratelimit.redis.require-at-startup} is true. */
final class RedisStartupException extends IllegalStateException {

    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param last the failure of the last attempt, whose message has no host, user or password
     * @param seconds how long the store was asked
     */
    RedisStartupException(StoreUnavailableException last, long seconds) {
        super(last.getMessage() + ". It was asked for " + seconds
                + " s, as ratelimit.redis.require-at-startup is true");
        initCause(last);
    }
}
