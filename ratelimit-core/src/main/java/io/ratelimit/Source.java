package io.ratelimit;

/** Who made a {@link Decision}. */
public enum Source {

    /** The store, exactly. */
    STORE,

    /** This node's memory, because the store failed and the limit says {@link OnStoreFailure#LOCAL}. */
    LOCAL,

    /** {@link OnStoreFailure#ALLOW} or {@link OnStoreFailure#DENY}, because the store failed; nothing was counted. */
    POLICY,

    /** Nobody: rate limiting is switched off, and nothing was counted. */
    DISABLED
}
