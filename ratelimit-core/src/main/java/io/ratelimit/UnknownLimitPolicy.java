package io.ratelimit;

/** How calls are answered whose limit is chosen at run time and is not defined. */
public enum UnknownLimitPolicy {

    /** They fail, usually with an {@link UnknownLimitException}. */
    FAIL,

    /** They are admitted, and nothing is counted. Other limits of the same call still apply. */
    UNLIMITED
}
