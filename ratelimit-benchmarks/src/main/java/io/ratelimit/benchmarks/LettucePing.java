package io.ratelimit.benchmarks;

import java.net.InetSocketAddress;
import java.util.concurrent.CompletionStage;

/** Sends PING. */
record LettucePing(LettuceConnection lettuce, boolean answer) implements RedisLimiter {

    static RedisLimiter open(InetSocketAddress redis, BenchmarkLimit limit) {
        return new LettucePing(LettuceConnection.connect(redis), limit.admits);
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
