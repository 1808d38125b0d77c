package io.ratelimit.benchmarks;

/** A limiter under test, which admits or rejects a call with a key. */
@FunctionalInterface
interface Limiter {

    boolean tryAcquire(String key);
}
