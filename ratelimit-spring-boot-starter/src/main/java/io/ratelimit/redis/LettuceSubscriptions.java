package io.ratelimit.redis;

import io.lettuce.core.RedisChannelHandler;
import io.lettuce.core.RedisConnectionStateListener;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import java.net.SocketAddress;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The connections of a Lettuce client that are subscribed to channels.
 *
 * <p>If the server is slow, Spring Data may leave such a connection open although it was closed, and the driver
 * reconnects it for ever. All that are still open can be closed here.
 */
final class LettuceSubscriptions implements RedisConnectionStateListener {

    private final Set<RedisChannelHandler<?, ?>> connected = ConcurrentHashMap.newKeySet();

    @Override
    public void onRedisConnected(RedisChannelHandler<?, ?> connection, SocketAddress address) {
        if (connection instanceof StatefulRedisPubSubConnection) {
            connected.add(connection);
        }
    }

    /** Closes all connections that are still open, without waiting for it. */
    void close() {
        for (RedisChannelHandler<?, ?> connection : connected) {
            connected.remove(connection);
            if (!connection.isClosed()) {
                connection.closeAsync();
            }
        }
    }
}
