package io.ratelimit.redis;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.springframework.data.redis.connection.RedisConnection;

/** A client whose script calls are counted and can be held back before they are sent. */
final class HeldDriver implements RedisScriptClient {

    private final RedisScriptClient client;
    private final AtomicInteger calls = new AtomicInteger();
    private volatile CompletableFuture<Void> released = CompletableFuture.completedFuture(null);

    HeldDriver(RedisScriptClient client) {
        this.client = client;
    }

    /** From now on nothing is sent until {@link #release()}. */
    void hold() {
        released = new CompletableFuture<>();
    }

    void release() {
        released.complete(null);
    }

    /** How many scripts were asked for since this was last asked. */
    int calls() {
        return calls.getAndSet(0);
    }

    @Override
    public boolean isCluster() {
        return client.isCluster();
    }

    @Override
    public Object node(byte[] key) {
        return client.node(key);
    }

    @Override
    public CompletableFuture<?> connect() {
        return client.connect();
    }

    @Override
    public CompletableFuture<List<Object>> evalSha(String sha, byte[][] keys, byte[][] args) {
        calls.incrementAndGet();
        return released.thenCompose(sent -> client.evalSha(sha, keys, args));
    }

    @Override
    public CompletableFuture<List<Object>> eval(byte[] script, byte[][] keys, byte[][] args) {
        return client.eval(script, keys, args);
    }

    @Override
    public CompletableFuture<Long> delete(byte[] key) {
        return client.delete(key);
    }

    @Override
    public RedisConnection open() {
        return client.open();
    }

    @Override
    public void close() {
        client.close();
    }
}
