package io.ratelimit.redis;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.springframework.data.redis.connection.RedisConnection;

/**
 * The commands that the store sends, independent of the client library.
 *
 * <p>Only {@link #open} blocks or throws. All other methods report failures, also a missing connection, through the
 * future.
 */
interface RedisScriptClient extends AutoCloseable {

    /** Returns whether the server is a cluster, where a script can only access keys of one slot. */
    boolean isCluster();

    /**
     * Returns the node of a key, as far as it is known, or one value for all keys whose servers fail together. Never
     * blocks.
     */
    Object node(byte[] key);

    /** Connects, within the timeouts of the client library. */
    CompletableFuture<?> connect();

    /** Runs a script by its SHA-1 hash in hex digits. The first key determines the node. */
    CompletableFuture<List<Object>> evalSha(String sha, byte[][] keys, byte[][] args);

    /** Runs a script and loads it into the cache of the server. */
    CompletableFuture<List<Object>> eval(byte[] script, byte[][] keys, byte[][] args);

    /** Deletes a key. */
    CompletableFuture<Long> delete(byte[] key);

    /**
     * Opens a separate connection, which the caller closes. Blocks until it is open.
     *
     * @throws RuntimeException if it cannot be opened
     */
    RedisConnection open();

    /** Closes connections that are still subscribed to channels. */
    default void closeSubscriptions() {}

    @Override
    void close();
}
