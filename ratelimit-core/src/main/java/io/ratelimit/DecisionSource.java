package io.ratelimit;

/** Who made a {@link Decision}. */
public enum DecisionSource {

    /** The store, exactly. */
    STORE,

    /** This node's memory, because the store failed and the limit says {@link StoreFailurePolicy#LOCAL}. */
    LOCAL,

    /** {@link StoreFailurePolicy#ALLOW} or {@link StoreFailurePolicy#DENY}, because the store failed; nothing was counted. */
    POLICY,

    /** Nobody: rate limiting is switched off, and nothing was counted. */
    DISABLED
}
