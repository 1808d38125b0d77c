package io.ratelimit.autoconfigure;

/** Where buckets are kept. */
enum StoreType {

    /** In Redis if the application has a Redis connection factory, else in memory. */
    AUTO,

    /** In this JVM's memory. */
    MEMORY,

    /** In Redis. */
    REDIS
}
