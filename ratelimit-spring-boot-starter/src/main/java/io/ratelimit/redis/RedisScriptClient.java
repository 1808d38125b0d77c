package io.ratelimit.redis;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.springframework.data.redis.connection.RedisConnection;

/**
 * The commands that the store sends, over one client library or another.
 *
 * <p>No method but {@link #open} blocks or throws: what goes wrong, also a missing connection, comes as the failure of the
 * future.
 */
interface RedisScriptClient extends AutoCloseable {

    /** Whether keys live in slots, and one script can only touch those of one slot. */
    boolean isCluster();

    /** The server that has a key, as far as is known; one for all where they fail together. Never blocks. */
    Object node(byte[] key);

    /** Looks for the server, for as long as the client library does. */
    CompletableFuture<?> connect();

    /** Runs a script that the server knows by its SHA-1, in hex. The first key names the node. */
    CompletableFuture<List<Object>> evalSha(String sha, byte[][] keys, byte[][] args);

    /** Runs a script, and makes it known to the server. */
    CompletableFuture<List<Object>> eval(byte[] script, byte[][] keys, byte[][] args);

    /** Deletes one key. */
    CompletableFuture<Long> delete(byte[] key);

    /**
     * A connection of its own, to be closed. Blocks while it is opened.
     *
     * @throws RuntimeException if there is none
     */
    RedisConnection open();

    @Override
    void close();
}
