package io.ratelimit;

/** How the calls of a limit are decided while its store is unavailable. */
public enum StoreFailurePolicy {

    /** Each node applies the limit, or a {@linkplain Limit#localShare() share} of it, in its own memory. */
    LOCAL,

    /** Every call is admitted, and no bucket is charged. */
    ALLOW,

    /** Every call is rejected. */
    DENY
}
