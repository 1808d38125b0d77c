package io.ratelimit.autoconfigure;

/** What a call gets whose limit is computed, and not defined. */
enum UnknownLimitPolicy {

    /** An {@link io.ratelimit.UnknownLimitException}; nothing is charged. */
    FAIL,

    /** The limit does not count for the call; others of the same call still do. */
    UNLIMITED
}
