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
 * One connection, to all nodes of a cluster that are asked, and how often in a row each of them left it without an answer.
 *
 * <p>A server that is frozen, or behind a firewall that forgot the connection, keeps it open. That wears it out.
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

    /** The node that has a key; the slot alone while it has none, or while the driver learns anew who has it. */
    Object node(byte[] key) {
        if (partitions == null) {
            return "only";
        }
        int slot = SlotHash.getSlot(key);
        RedisClusterNode node = partitions.getPartitionBySlot(slot);
        return node == null ? slot : node.getNodeId();
    }

    /** Forgets the calls that the node of a key left without an answer. */
    void answered(byte[] key) {
        if (!unanswered.isEmpty()) {
            unanswered.remove(node(key));
        }
    }

    /** Counts one more such call; tells how many they are in a row. */
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
