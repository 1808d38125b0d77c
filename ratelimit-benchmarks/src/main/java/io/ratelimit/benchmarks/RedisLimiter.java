package io.ratelimit.benchmarks;

import java.util.concurrent.CompletionStage;

/** The limiter of one node of an application, which admits or rejects a call with a key by asking a Redis server. */
interface RedisLimiter extends AutoCloseable {

    boolean tryAcquire(String key);

    CompletionStage<Boolean> tryAcquireAsync(String key);

    @Override
    void close();
}
