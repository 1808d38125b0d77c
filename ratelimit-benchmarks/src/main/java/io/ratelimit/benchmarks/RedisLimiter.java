package io.ratelimit.benchmarks;

import java.util.concurrent.CompletionStage;

/** One node of an application that asks a Redis server: a key comes in, yes or no goes out. */
interface RedisLimiter extends AutoCloseable {

    boolean tryAcquire(String key);

    CompletionStage<Boolean> tryAcquireAsync(String key);

    @Override
    void close();
}
