package io.ratelimit.benchmarks;

/** One contender as its callers use it: a key comes in, yes or no goes out. */
@FunctionalInterface
interface Limiter {

    boolean tryAcquire(String key);
}
