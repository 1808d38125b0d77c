package io.ratelimit.autoconfigure;

/** The store that keeps the buckets. */
enum StoreType {

    /** On Redis if the application has a Redis connection factory, else in memory. */
    AUTO,

    /** In the memory of this JVM. */
    MEMORY,

    /** On Redis. */
    REDIS
}
