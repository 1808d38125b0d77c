package io.ratelimit.redis;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.connection.RedisClusterConnection;
import org.springframework.data.redis.connection.RedisConfiguration;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.ReturnType;
import org.springframework.data.redis.connection.jedis.JedisConnectionFactory;
import org.springframework.scheduling.concurrent.CustomizableThreadFactory;
import org.springframework.util.ClassUtils;
import redis.clients.jedis.RedisClient;

/**
 * The client for libraries that block, such as Jedis, through connections that the application's factory lends.
 *
 * <p>Calls block a few threads of the store, so no caller waits for a connection or a reply longer than the timeout. A
 * call that finds no free thread within the timeout is never sent.
 */
final class SpringDataScriptClient implements RedisScriptClient {

    private static final int THREADS = 8;
    private static final int MOST_WAITING = 1_024;
    private static final boolean JEDIS_PRESENT =
            ClassUtils.isPresent("redis.clients.jedis.Jedis", SpringDataScriptClient.class.getClassLoader());
    private static final boolean JEDIS_CLIENT_PRESENT =
            ClassUtils.isPresent("redis.clients.jedis.RedisClient", SpringDataScriptClient.class.getClassLoader());

    private final RedisConnectionFactory connections;
    private final long timeoutNanos;
    private final ThreadPoolExecutor threads;
    private volatile boolean cluster;

    private SpringDataScriptClient(RedisConnectionFactory connections, Duration timeout) {
        this.connections = connections;
        this.timeoutNanos = timeout.toNanos();
        this.cluster = JEDIS_PRESENT && Jedis.isCluster(connections);
        CustomizableThreadFactory factory = new CustomizableThreadFactory("ratelimit-redis-");
        factory.setDaemon(true);
        this.threads = new ThreadPoolExecutor(
                THREADS, THREADS, 10, TimeUnit.SECONDS, new ArrayBlockingQueue<>(MOST_WAITING), factory);
        threads.allowCoreThreadTimeOut(true);
    }

    static SpringDataScriptClient of(RedisConnectionFactory connections, Duration timeout) {
        return new SpringDataScriptClient(connections, timeout);
    }

    /** Returns the servers of a connection factory; null if it is not of Jedis. */
    static @Nullable RedisConfiguration servers(RedisConnectionFactory connections) {
        return JEDIS_PRESENT ? Jedis.servers(connections) : null;
    }

    /** Returns whether the server is a cluster. If the factory decorates another one, only a connection shows that. */
    @Override
    public boolean isCluster() {
        return cluster;
    }

    /** Returns one node for all keys: an unreachable node occupies the threads that calls to the others need. */
    @Override
    public Object node(byte[] key) {
        return connections;
    }

    @Override
    public CompletableFuture<?> connect() {
        return send(RedisConnection::ping);
    }

    @Override
    public CompletableFuture<List<Object>> evalSha(String sha, byte[][] keys, byte[][] args) {
        return send(redis -> redis.scriptingCommands().evalSha(sha, ReturnType.MULTI, keys.length, joined(keys, args)));
    }

    @Override
    public CompletableFuture<List<Object>> eval(byte[] script, byte[][] keys, byte[][] args) {
        return send(redis -> redis.scriptingCommands().eval(script, ReturnType.MULTI, keys.length, joined(keys, args)));
    }

    @Override
    public CompletableFuture<Long> delete(byte[] key) {
        return send(redis -> redis.keyCommands().del(key));
    }

    @Override
    public RedisConnection open() {
        return connections.getConnection();
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }

    private <T> CompletableFuture<T> send(Function<RedisConnection, T> command) {
        CompletableFuture<T> reply = new CompletableFuture<>();
        long deadline = System.nanoTime() + timeoutNanos;
        try {
            threads.execute(() -> {
                try (RedisConnection redis = connections.getConnection()) {
                    if (System.nanoTime() >= deadline) {
                        throw new TimeoutException();
                    }
                    if (redis instanceof RedisClusterConnection) {
                        cluster = true;
                    }
                    reply.complete(answer(redis, command));
                } catch (Exception | LinkageError ex) {
                    reply.completeExceptionally(ex);
                }
            });
        } catch (RejectedExecutionException ex) {
            reply.completeExceptionally(ex);
        }
        return reply;
    }

    private static <T> T answer(RedisConnection redis, Function<RedisConnection, T> command) {
        try {
            return command.apply(redis);
        } catch (RuntimeException ex) {
            if (JEDIS_PRESENT && RedisErrorClassifier.answer(ex).startsWith(RedisErrorClassifier.READONLY)) {
                Jedis.drop(redis.getNativeConnection());
            }
            throw ex;
        }
    }

    private static byte[][] joined(byte[][] keys, byte[][] args) {
        return Stream.of(keys, args).flatMap(Stream::of).toArray(byte[][]::new);
    }

    /** Loaded only if Jedis is on the class path. */
    private static final class Jedis {

        static boolean isCluster(RedisConnectionFactory connections) {
            return connections instanceof JedisConnectionFactory jedis && jedis.isRedisClusterAware();
        }

        static @Nullable RedisConfiguration servers(RedisConnectionFactory connections) {
            return connections instanceof JedisConnectionFactory jedis
                    ? Stream.of(
                                    jedis.getClusterConfiguration(),
                                    jedis.getSentinelConfiguration(),
                                    jedis.getStandaloneConfiguration())
                            .filter(Objects::nonNull)
                            .findFirst()
                            .orElse(null)
                    : null;
        }

        /** Removes a connection to a demoted master from the pool. */
        static void drop(Object connection) {
            if (connection instanceof redis.clients.jedis.Jedis one) {
                one.getConnection().setBroken();
            } else if (JEDIS_CLIENT_PRESENT) {
                JedisClient.drop(connection);
            }
        }
    }

    /** Loaded only with a Jedis that has this client, as Spring Boot 4.1 has and 4.0 has not. */
    private static final class JedisClient {

        static void drop(Object connection) {
            if (connection instanceof RedisClient client) {
                client.getPool().clear();
            }
        }
    }
}
