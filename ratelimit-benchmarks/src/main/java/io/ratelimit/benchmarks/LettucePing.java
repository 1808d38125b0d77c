package io.ratelimit.benchmarks;

import java.net.InetSocketAddress;
import java.util.concurrent.CompletionStage;

/** Asks nothing but whether the server is there. */
record LettucePing(Lettuce lettuce, boolean answer) implements RedisLimiter {

    static RedisLimiter open(InetSocketAddress redis, BenchmarkQuota quota) {
        return new LettucePing(Lettuce.connect(redis), quota.admits);
    }

    @Override
    public boolean tryAcquire(String key) {
        return tryAcquireAsync(key).toCompletableFuture().join();
    }

    @Override
    public CompletionStage<Boolean> tryAcquireAsync(String key) {
        return lettuce.connection().async().ping().thenApply(pong -> answer);
    }

    @Override
    public void close() {
        lettuce.close();
    }
}
