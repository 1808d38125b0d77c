package io.ratelimit.test.redis;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A Redis Cluster of three masters for tests, without replicas, each with a third of the slots.
 *
 * <p>Its nodes are processes: it needs a {@code redis-server} on the {@code PATH} or embedded-redis on the class path; Docker
 * alone does not do.
 */
public final class RedisCluster implements AutoCloseable {

    private static final int SLOTS = 16_384;
    private static final int MASTERS = 3;
    private static @Nullable RedisCluster shared;

    private final List<RedisServer> nodes;

    private RedisCluster(List<RedisServer> nodes) {
        this.nodes = List.copyOf(nodes);
    }

    /**
     * Starts a cluster, which takes some two seconds.
     *
     * @return the cluster, all of whose nodes know the owners of all slots
     * @throws IllegalStateException if there is nothing to start it with, or it is not ready within ten seconds
     */
    public static RedisCluster start() {
        RedisLauncher launcher =
                RedisLauncher.process(List.of(), List.of("--cluster-enabled", "yes", "--cluster-node-timeout", "2000"));
        List<RedisServer> nodes = new ArrayList<>();
        RedisCluster cluster = null;
        try {
            for (int i = 0; i < MASTERS; i++) {
                nodes.add(RedisServer.start(launcher));
            }
            cluster = new RedisCluster(nodes);
            cluster.join();
            return cluster;
        } catch (RuntimeException ex) {
            nodes.forEach(RedisServer::close);
            throw ex;
        }
    }

    /**
     * The one cluster of this JVM; {@link RedisExtension} gives it to tests and ends it after the last of them.
     *
     * @return the cluster, started if need be
     * @throws IllegalStateException if there is nothing to start it with, or it is not ready within ten seconds
     */
    public static synchronized RedisCluster shared() {
        RedisCluster cluster = shared;
        if (cluster == null) {
            cluster = start();
            shared = cluster;
        }
        return cluster;
    }

    /** {@return the three masters, in the order of their slots} */
    public List<RedisServer> nodes() {
        return nodes;
    }

    /** Ends all nodes. Idempotent. */
    @Override
    public void close() {
        synchronized (RedisCluster.class) {
            if (shared == this) {
                shared = null;
            }
        }
        nodes.forEach(RedisServer::close);
    }

    private void join() {
        for (int i = 0; i < MASTERS; i++) {
            RedisServer node = nodes.get(i);
            node.command(Stream.concat(
                            Stream.of("CLUSTER", "ADDSLOTS"),
                            IntStream.range(i * SLOTS / MASTERS, (i + 1) * SLOTS / MASTERS)
                                    .mapToObj(String::valueOf))
                    .toArray(String[]::new));
            node.command("CLUSTER", "SET-CONFIG-EPOCH", String.valueOf(i + 1));
        }
        for (RedisServer node : nodes) {
            nodes.get(0).command("CLUSTER", "MEET", node.host(), String.valueOf(node.port()));
        }
        long deadline = System.nanoTime() + RedisLauncher.PATIENCE_MILLIS * 1_000_000;
        while (!nodes.stream().allMatch(RedisCluster::isReady)) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException(
                        "The Redis cluster did not form: " + nodes.get(0).command("CLUSTER", "NODES"));
            }
            RedisLauncher.pause();
        }
    }

    private static boolean isReady(RedisServer node) {
        String info = String.valueOf(node.command("CLUSTER", "INFO"));
        return info.contains("cluster_state:ok") && info.contains("cluster_slots_ok:" + SLOTS);
    }
}
