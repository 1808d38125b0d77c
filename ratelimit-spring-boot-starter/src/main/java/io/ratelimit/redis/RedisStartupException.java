package io.ratelimit.redis;

import io.ratelimit.StoreUnavailableException;

/** Says that Redis did not answer at start-up, where {@code ratelimit.redis.require-at-startup} wants it to. */
final class RedisStartupException extends IllegalStateException {

    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param last the failure of the last attempt, whose message has no host, user or password in it
     * @param seconds how long it was asked
     */
    RedisStartupException(StoreUnavailableException last, long seconds) {
        super(last.getMessage() + ". It was asked for " + seconds
                + " s, as ratelimit.redis.require-at-startup is true");
        initCause(last);
    }
}
