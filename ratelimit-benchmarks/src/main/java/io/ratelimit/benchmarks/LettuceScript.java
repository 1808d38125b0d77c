package io.ratelimit.benchmarks;

import io.lettuce.core.ScriptOutputType;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Predicate;

/** Sends one EVALSHA for each call. */
record LettuceScript(
        LettuceConnection lettuce,
        String sha,
        Function<String, String[]> keys,
        byte[][] arguments,
        Predicate<List<Object>> admits)
        implements RedisLimiter {

    static RedisLimiter open(
            InetSocketAddress redis,
            String script,
            Function<String, String[]> keys,
            List<String> arguments,
            Predicate<List<Object>> admits) {
        LettuceConnection lettuce = LettuceConnection.connect(redis);
        String sha = lettuce.connection().sync().scriptLoad(script);
        byte[][] bytes = arguments.stream()
                .map(argument -> argument.getBytes(StandardCharsets.US_ASCII))
                .toArray(byte[][]::new);
        return new LettuceScript(lettuce, sha, keys, bytes, admits);
    }

    @Override
    public boolean tryAcquire(String key) {
        return tryAcquireAsync(key).toCompletableFuture().join();
    }

    @Override
    public CompletionStage<Boolean> tryAcquireAsync(String key) {
        return lettuce.connection()
                .async()
                .<List<Object>>evalsha(sha, ScriptOutputType.MULTI, keys.apply(key), arguments)
                .thenApply(admits::test);
    }

    @Override
    public void close() {
        lettuce.close();
    }
}
