package io.ratelimit;

/** Where a {@link Decision} was made. */
public enum DecisionSource {

    /** In the store, exactly. */
    STORE,

    /** In this node's memory, because the store failed and the limit has {@link StoreFailurePolicy#LOCAL}. */
    LOCAL,

    /** Nowhere: {@link StoreFailurePolicy#ALLOW} or {@link StoreFailurePolicy#DENY} answered, because the store failed. */
    POLICY,

    /** Nowhere: rate limiting is disabled, and every call is admitted. */
    DISABLED
}
