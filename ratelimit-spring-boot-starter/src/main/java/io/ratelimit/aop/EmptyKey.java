package io.ratelimit.aop;

/** What a call with a null or blank key gets. */
public enum EmptyKey {

    /** An {@link io.ratelimit.EmptyKeyException}; nothing is taken. */
    REFUSE,

    /** The bucket that all calls without a key share. */
    SHARED
}
