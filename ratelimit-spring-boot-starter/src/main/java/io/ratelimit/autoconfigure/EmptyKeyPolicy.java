package io.ratelimit.autoconfigure;

/** How a call is answered whose key is null or blank, or has a null part. */
enum EmptyKeyPolicy {

    /** The call fails with an {@link io.ratelimit.EmptyKeyException}. */
    REFUSE,

    /** The call is charged to one bucket that all such calls share. */
    SHARED
}
