package io.ratelimit;

/** What a limit answers while its store cannot be asked. */
public enum StoreFailurePolicy {

    /** The same limit, or a {@linkplain Limit#localShare() share} of it, held by each node's memory by itself. */
    LOCAL,

    /** Every call is admitted, and nothing is counted. */
    ALLOW,

    /** Every call is refused. */
    DENY
}
