package io.ratelimit.redis;

import io.ratelimit.test.redis.RedisCluster;
import io.ratelimit.test.redis.RedisServer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

/**
 * A Redis store with a clock of the test: the script is the published one, but reads the time from two more arguments,
 * and its keys live for an hour.
 */
final class VirtualTimeRedis {

    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    private static final AtomicLong STORES = new AtomicLong();

    private VirtualTimeRedis() {}

    /** Creates a store with separate keys on a server. The clock returns nanoseconds since the epoch. */
    static RedisRateLimitStore store(RedisServer redis, LongSupplier nanoClock) {
        return store(redis, nanoClock, client -> client);
    }

    /** The same, by way of another driver. */
    static RedisRateLimitStore store(
            RedisServer redis, LongSupplier nanoClock, UnaryOperator<RedisScriptClient> around) {
        return store(TestConnections.lettuce(redis), nanoClock, around);
    }

    /** A store with keys of its own on a cluster. */
    static RedisRateLimitStore store(RedisCluster cluster, LongSupplier nanoClock) {
        return store(TestConnections.lettuce(cluster), nanoClock, client -> client);
    }

    /** The same, with a changed script and keys of the caller. */
    static RedisRateLimitStore store(RedisServer redis, LongSupplier nanoClock, String lua, RedisKeys keys) {
        RedisScriptClient client =
                new Timed(LettuceScriptClient.of(TestConnections.lettuce(redis), TIMEOUT), nanoClock);
        return new RedisRateLimitStore(client, lua, keys, TIMEOUT);
    }

    private static RedisRateLimitStore store(
            LettuceConnectionFactory connections, LongSupplier nanoClock, UnaryOperator<RedisScriptClient> around) {
        RedisScriptClient client = around.apply(new Timed(LettuceScriptClient.of(connections, TIMEOUT), nanoClock));
        RedisKeys keys = new RedisKeys("virtual" + STORES.incrementAndGet() + ":" + System.nanoTime() % 1_000_000);
        return new RedisRateLimitStore(client, script(), keys, TIMEOUT);
    }

    static String script() {
        return script(RateLimitScript.packaged());
    }

    /** Changes a script so that it reads the time from its arguments, and its keys live for an hour. */
    static String script(String packaged) {
        String lua = replace(packaged, "redis.call('TIME')", "{ ARGV[#ARGV - 1], ARGV[#ARGV] }");
        lua = replace(lua, "'PX', ttl", "'PX', 3600000");
        return replace(lua, "'PX', change.ttl", "'PX', 3600000");
    }

    /** Changes a script so that the short path decides nothing. */
    static String withoutShortPath(String lua) {
        return replace(lua, "if cost > capacity or value and", "if true or value and");
    }

    static String replace(String lua, String what, String by) {
        if (lua.indexOf(what) < 0 || lua.indexOf(what) != lua.lastIndexOf(what)) {
            throw new IllegalStateException("The script does not say once: " + what);
        }
        return lua.replace(what, by);
    }

    private record Timed(RedisScriptClient client, LongSupplier nanoClock) implements RedisScriptClient {

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
            return client.evalSha(sha, keys, timed(args));
        }

        @Override
        public CompletableFuture<List<Object>> eval(byte[] script, byte[][] keys, byte[][] args) {
            return client.eval(script, keys, timed(args));
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

        private byte[][] timed(byte[][] args) {
            long micros = Math.floorDiv(nanoClock.getAsLong(), 1_000);
            byte[][] timed = Arrays.copyOf(args, args.length + 2);
            timed[args.length] = Long.toString(micros / 1_000_000).getBytes();
            timed[args.length + 1] = Long.toString(micros % 1_000_000).getBytes();
            return timed;
        }
    }
}
