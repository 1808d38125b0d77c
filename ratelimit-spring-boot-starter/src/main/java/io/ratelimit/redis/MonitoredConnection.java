package io.ratelimit.redis;

import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.cluster.SlotHash;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import io.lettuce.core.cluster.models.partitions.Partitions;
import io.lettuce.core.cluster.models.partitions.RedisClusterNode;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.connection.lettuce.LettuceConnection;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

/**
 * A connection to a server, or to all nodes of a cluster, that counts for each node the consecutive calls that it did
 * not answer.
 *
 * <p>If a server hangs, or a firewall has dropped the state of the connection, the connection stays open. It is
 * replaced after several unanswered calls.
 */
record MonitoredConnection(
        LettuceConnection lent,
        RedisClusterAsyncCommands<byte[], byte[]> commands,
        @Nullable Partitions partitions,
        ConcurrentMap<Object, AtomicInteger> unanswered)
        implements AutoCloseable {

    static MonitoredConnection open(LettuceConnectionFactory factory) {
        LettuceConnection lent = (LettuceConnection) factory.getConnection();
        Partitions partitions =
                factory.getRequiredNativeClient() instanceof RedisClusterClient client ? client.getPartitions() : null;
        return new MonitoredConnection(lent, lent.getNativeConnection(), partitions, new ConcurrentHashMap<>());
    }

    /** Returns the node of a key, or its slot while no node is known for it. */
    Object node(byte[] key) {
        if (partitions == null) {
            return "only";
        }
        int slot = SlotHash.getSlot(key);
        RedisClusterNode node = partitions.getPartitionBySlot(slot);
        return node == null ? slot : node.getNodeId();
    }

    /** Resets the number of unanswered calls of the node of a key. */
    void answered(byte[] key) {
        if (!unanswered.isEmpty()) {
            unanswered.remove(node(key));
        }
    }

    /** Counts one more unanswered call, and returns how many there are in a row. */
    int unanswered(byte[] key) {
        return unanswered
                .computeIfAbsent(node(key), node -> new AtomicInteger())
                .incrementAndGet();
    }

    @Override
    public void close() {
        lent.close();
    }
}
