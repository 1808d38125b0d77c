package io.ratelimit;

/** The place in which a {@link Decision} was made. */
public enum DecisionSource {

    /** In the store, exactly. */
    STORE,

    /** In this node's memory, because the store failed and the limit has {@link StoreFailurePolicy#LOCAL}. */
    LOCAL,

    /** By a policy: {@link StoreFailurePolicy#ALLOW} or {@link StoreFailurePolicy#DENY}, because the store failed. */
    POLICY,

    /**
     * Nowhere: every call is admitted, because rate limiting is disabled, or because no limit of the call is defined
     * and such limits are {@link UnknownLimitPolicy#UNLIMITED}.
     */
    DISABLED
}
