package io.ratelimit.redis;

import io.ratelimit.autoconfigure.StoreAddress;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.connection.RedisConfiguration;
import org.springframework.data.redis.connection.RedisConfiguration.ClusterConfiguration;
import org.springframework.data.redis.connection.RedisConfiguration.DomainSocketConfiguration;
import org.springframework.data.redis.connection.RedisConfiguration.SentinelConfiguration;
import org.springframework.data.redis.connection.RedisConfiguration.WithHostAndPort;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.RedisNode;
import org.springframework.data.redis.connection.RedisStaticMasterReplicaConfiguration;

/**
 * The address of the servers of a connection factory: hosts and ports, without user and password.
 *
 * <p>Empty for a factory that is neither of Lettuce nor of Jedis.
 */
record RedisAddress(String text) implements StoreAddress {

    static RedisAddress of(RedisConnectionFactory connections) {
        return new RedisAddress(text(
                RedisRateLimitStore.LETTUCE_PRESENT && LettuceScriptClient.serves(connections)
                        ? LettuceScriptClient.servers(connections)
                        : SpringDataScriptClient.servers(connections)));
    }

    static String text(@Nullable RedisConfiguration servers) {
        if (servers instanceof ClusterConfiguration cluster) {
            return "cluster " + text(cluster.getClusterNodes());
        }
        if (servers instanceof SentinelConfiguration sentinel) {
            String master = Objects.requireNonNull(sentinel.getMaster()).getName();
            return "master " + master + " of sentinels " + text(sentinel.getSentinels());
        }
        if (servers instanceof RedisStaticMasterReplicaConfiguration replicated) {
            return replicated.getNodes().stream()
                    .map(node -> node.getHostName() + ":" + node.getPort())
                    .collect(Collectors.joining(", "));
        }
        if (servers instanceof DomainSocketConfiguration socket) {
            return socket.getSocket();
        }
        return servers instanceof WithHostAndPort server ? server.getHostName() + ":" + server.getPort() : "";
    }

    private static String text(Iterable<RedisNode> nodes) {
        return StreamSupport.stream(nodes.spliterator(), false)
                .map(RedisNode::asString)
                .sorted()
                .collect(Collectors.joining(", "));
    }
}
