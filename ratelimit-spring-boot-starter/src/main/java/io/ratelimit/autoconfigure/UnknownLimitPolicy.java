package io.ratelimit.autoconfigure;

/** How a call is answered if the name that is computed for its limit is not defined. */
enum UnknownLimitPolicy {

    /** The call fails with an {@link io.ratelimit.UnknownLimitException}, and nothing is charged. */
    FAIL,

    /** The limit is ignored. Other limits of the same call still apply. */
    UNLIMITED
}
