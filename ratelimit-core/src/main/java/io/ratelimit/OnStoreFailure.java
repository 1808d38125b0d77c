package io.ratelimit;

/** What a limit answers while its store cannot be asked. */
public enum OnStoreFailure {

    /** The same limit, held by this node's memory alone: each node admits the limit's rate by itself. */
    LOCAL,

    /** Every call is admitted, and nothing is counted. */
    ALLOW,

    /** Every call is refused. */
    DENY
}
