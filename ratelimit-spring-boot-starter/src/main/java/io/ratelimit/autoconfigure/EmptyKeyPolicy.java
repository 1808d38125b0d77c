package io.ratelimit.autoconfigure;

/** What becomes of a call whose key is null or blank. */
enum EmptyKeyPolicy {

    /** The call fails with an {@link io.ratelimit.EmptyKeyException}. */
    REFUSE,

    /** The call is charged to the bucket that the limit's callers without a key share. */
    SHARED
}
