package io.ratelimit.autoconfigure;

/** How a call with a null or blank key is answered. */
enum EmptyKeyPolicy {

    /** The call fails with an {@link io.ratelimit.EmptyKeyException}. */
    REFUSE,

    /** The call is charged to one bucket that all such calls share. */
    SHARED
}
