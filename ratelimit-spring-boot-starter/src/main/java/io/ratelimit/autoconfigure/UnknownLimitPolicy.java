package io.ratelimit.autoconfigure;

/** How a call is answered if the name that is computed for its limit is not defined. */
enum UnknownLimitPolicy {

    /**
     * The call fails and nothing is charged: with an {@link io.ratelimit.expression.InvalidCallException} if an
     * expression computed the name, and with an {@link io.ratelimit.UnknownLimitException} if a bean did.
     */
    FAIL,

    /** The limit is ignored. Other limits of the same call still apply. */
    UNLIMITED
}
