package io.ratelimit.redis;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.springframework.data.redis.connection.RedisConnection;

/** A driver whose scripts can be held back before they are sent, and are counted. */
final class HeldDriver implements RedisDriver {

    private final RedisDriver driver;
    private final AtomicInteger calls = new AtomicInteger();
    private volatile CompletableFuture<Void> released = CompletableFuture.completedFuture(null);

    HeldDriver(RedisDriver driver) {
        this.driver = driver;
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
        return driver.isCluster();
    }

    @Override
    public Object node(byte[] key) {
        return driver.node(key);
    }

    @Override
    public CompletableFuture<?> connect() {
        return driver.connect();
    }

    @Override
    public CompletableFuture<List<Object>> evalSha(String sha, byte[][] keys, byte[][] args) {
        calls.incrementAndGet();
        return released.thenCompose(sent -> driver.evalSha(sha, keys, args));
    }

    @Override
    public CompletableFuture<List<Object>> eval(byte[] script, byte[][] keys, byte[][] args) {
        return driver.eval(script, keys, args);
    }

    @Override
    public CompletableFuture<Long> delete(byte[] key) {
        return driver.delete(key);
    }

    @Override
    public RedisConnection open() {
        return driver.open();
    }

    @Override
    public void close() {
        driver.close();
    }
}
