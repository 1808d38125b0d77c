package io.ratelimit.redis;

import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.connection.RedisConfiguration;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

/**
 * The client for Lettuce, with its own connection that all callers share. Only classes whose names begin with
 * {@code Lettuce} refer to Lettuce.
 */
final class LettuceScriptClient implements RedisScriptClient {

    private static final Object NO_NODE = "none";
    private static final int CONSECUTIVE_FAILURES = 3;

    private final LettuceConnectionFactory factory;
    private final LettuceSettings settings;
    private final long timeoutNanos;
    private final ReconnectingConnection<MonitoredConnection> connection;
    private final LettuceSubscriptions subscriptions = new LettuceSubscriptions();
    private final TopologyRefreshPace refreshes = new TopologyRefreshPace(System::nanoTime);

    private LettuceScriptClient(LettuceConnectionFactory application, Duration timeout) {
        this.settings = new LettuceSettings(application, timeout);
        this.factory = settings.newFactory(application);
        this.timeoutNanos = timeout.toNanos();
        this.connection = new ReconnectingConnection<>(this::connectNow, timeout.toMillis());
    }

    static boolean serves(RedisConnectionFactory connections) {
        return connections instanceof LettuceConnectionFactory;
    }

    static LettuceScriptClient of(RedisConnectionFactory connections, Duration timeout) {
        return new LettuceScriptClient((LettuceConnectionFactory) connections, timeout);
    }

    /** Returns the servers of a connection factory that this client {@linkplain #serves serves}. */
    static RedisConfiguration servers(RedisConnectionFactory connections) {
        return LettuceSettings.servers((LettuceConnectionFactory) connections);
    }

    @Override
    public boolean isCluster() {
        return factory.isClusterAware();
    }

    @Override
    public Object node(byte[] key) {
        CompletableFuture<MonitoredConnection> connected = connection.get();
        return isOpen(connected) ? connected.join().node(key) : NO_NODE;
    }

    @Override
    public CompletableFuture<?> connect() {
        return connection.get();
    }

    @Override
    public CompletableFuture<List<Object>> evalSha(String sha, byte[][] keys, byte[][] args) {
        return send(keys[0], redis -> redis.evalsha(sha, ScriptOutputType.MULTI, keys, args));
    }

    @Override
    public CompletableFuture<List<Object>> eval(byte[] script, byte[][] keys, byte[][] args) {
        return send(keys[0], redis -> redis.eval(script, ScriptOutputType.MULTI, keys, args));
    }

    @Override
    public CompletableFuture<Long> delete(byte[] key) {
        return send(key, redis -> redis.del(key));
    }

    @Override
    public RedisConnection open() {
        connection.get().join();
        return factory.getConnection();
    }

    @Override
    public void closeSubscriptions() {
        subscriptions.close();
    }

    @Override
    public void close() {
        connection.close();
        factory.destroy();
        settings.close();
    }

    private <T> CompletableFuture<T> send(
            byte[] key, Function<RedisClusterAsyncCommands<byte[], byte[]>, CompletionStage<T>> command) {
        CompletableFuture<MonitoredConnection> connected = connection.get();
        if (isOpen(connected)) {
            return send(connected.join(), key, command);
        }
        long deadline = System.nanoTime() + timeoutNanos;
        return connected.thenCompose(monitored -> System.nanoTime() < deadline
                ? send(monitored, key, command)
                : CompletableFuture.failedFuture(new TimeoutException()));
    }

    private <T> CompletableFuture<T> send(
            MonitoredConnection monitored,
            byte[] key,
            Function<RedisClusterAsyncCommands<byte[], byte[]>, CompletionStage<T>> command) {
        try {
            return command.apply(monitored.commands())
                    .toCompletableFuture()
                    .whenComplete((reply, failure) -> ended(monitored, key, failure));
        } catch (RuntimeException ex) {
            return CompletableFuture.failedFuture(ex);
        }
    }

    private void ended(MonitoredConnection monitored, byte[] key, @Nullable Throwable failure) {
        String error = failure == null ? "" : RedisErrorClassifier.answer(failure);
        if (error.startsWith(RedisErrorClassifier.READONLY)) {
            connection.drop(monitored);
        } else if (failure == null || !error.isEmpty()) {
            monitored.answered(key);
        } else if (monitored.unanswered(key) >= CONSECUTIVE_FAILURES) {
            connection.replace(monitored);
        }
    }

    /** Opens a connection. In a cluster this may also refresh the topology that the previous connection uses. */
    private MonitoredConnection connectNow() {
        factory.start();
        factory.getRequiredNativeClient().addListener(subscriptions);
        if (isCluster() && isOpen(connection.get()) && refreshes.mayRefresh()) {
            ((RedisClusterClient) factory.getRequiredNativeClient()).refreshPartitions();
        }
        return MonitoredConnection.open(factory);
    }

    private static boolean isOpen(CompletableFuture<?> connected) {
        return connected.isDone() && !connected.isCompletedExceptionally();
    }
}
