package io.ratelimit.benchmarks;

import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.codec.RedisCodec;
import io.lettuce.core.codec.StringCodec;
import java.net.InetSocketAddress;
import java.time.Duration;

/** A client with one connection, which all callers of a node share as Lettuce recommends. */
record LettuceConnection(RedisClient client, StatefulRedisConnection<String, byte[]> connection)
        implements AutoCloseable {

    static LettuceConnection connect(InetSocketAddress redis) {
        RedisClient client = RedisClient.create(RedisURI.create(redis.getHostString(), redis.getPort()));
        return new LettuceConnection(client, client.connect(RedisCodec.of(StringCodec.UTF8, ByteArrayCodec.INSTANCE)));
    }

    @Override
    public void close() {
        connection.close();
        client.shutdown(Duration.ZERO, Duration.ofSeconds(1));
    }
}
