package io.ratelimit.redis;

import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.lettuce.LettuceConnection;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

/** Lettuce, on a connection of our own that all callers share. Only this class and {@link LettuceSettings} need it. */
final class LettuceDriver implements RedisDriver {

    private final LettuceConnectionFactory factory;
    private final LettuceSettings settings;
    private final long timeoutNanos;
    private final LazyConnection<RedisClusterAsyncCommands<byte[], byte[]>> connection =
            new LazyConnection<>(this::connectNow);

    private LettuceDriver(LettuceConnectionFactory application, Duration timeout) {
        this.settings = new LettuceSettings(application, timeout);
        this.factory = settings.newFactory(application);
        this.timeoutNanos = timeout.toNanos();
    }

    static boolean serves(RedisConnectionFactory connections) {
        return connections instanceof LettuceConnectionFactory;
    }

    static LettuceDriver of(RedisConnectionFactory connections, Duration timeout) {
        return new LettuceDriver((LettuceConnectionFactory) connections, timeout);
    }

    @Override
    public boolean isCluster() {
        return factory.isClusterAware();
    }

    @Override
    public CompletableFuture<?> connect() {
        return connection.get();
    }

    @Override
    public CompletableFuture<List<Long>> evalSha(String sha, byte[][] keys, byte[][] args) {
        return send(redis -> redis.evalsha(sha, ScriptOutputType.MULTI, keys, args));
    }

    @Override
    public CompletableFuture<List<Long>> eval(byte[] script, byte[][] keys, byte[][] args) {
        return send(redis -> redis.eval(script, ScriptOutputType.MULTI, keys, args));
    }

    @Override
    public CompletableFuture<Long> delete(byte[] key) {
        return send(redis -> redis.del(key));
    }

    @Override
    public RedisConnection open() {
        connection.get().join();
        return factory.getConnection();
    }

    @Override
    public void close() {
        connection.close();
        factory.destroy();
        settings.close();
    }

    private <T> CompletableFuture<T> send(
            Function<RedisClusterAsyncCommands<byte[], byte[]>, CompletionStage<T>> command) {
        CompletableFuture<RedisClusterAsyncCommands<byte[], byte[]>> connected = connection.get();
        try {
            if (connected.isDone() && !connected.isCompletedExceptionally()) {
                return command.apply(connected.join()).toCompletableFuture();
            }
        } catch (RuntimeException ex) {
            return CompletableFuture.failedFuture(ex);
        }
        long deadline = System.nanoTime() + timeoutNanos;
        return connected.thenCompose(redis -> System.nanoTime() < deadline
                ? command.apply(redis)
                : CompletableFuture.failedFuture(new TimeoutException()));
    }

    private RedisClusterAsyncCommands<byte[], byte[]> connectNow() {
        factory.start();
        LettuceConnection borrowed = (LettuceConnection) factory.getConnection();
        return borrowed.getNativeConnection();
    }
}
