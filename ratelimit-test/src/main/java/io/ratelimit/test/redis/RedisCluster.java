package io.ratelimit.test.redis;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A Redis Cluster of three masters for tests, each with a third of the slots and optionally with a replica.
 *
 * <pre>{@code
 * try (RedisCluster cluster = RedisCluster.startWithReplicas()) {
 *     RedisServer victim = cluster.masterOf("user-42");
 *     victim.freeze(); // or kill(); its replica takes over about three seconds later
 *     await().until(() -> cluster.masterOf("user-42") != victim);
 *     victim.thaw(); // is now a replica of its former replica
 * }
 * }</pre>
 *
 * <p>For a manual failover, send {@code cluster.replicaOf(master).command("CLUSTER", "FAILOVER")}.
 *
 * <p>Its nodes are processes: it needs a {@code redis-server} on the {@code PATH} or embedded-redis on the class path;
 * Docker is not enough. A master that is killed and restarted within two seconds, before its replica took over, comes
 * back empty, and its replica becomes empty, too.
 */
public final class RedisCluster implements AutoCloseable {

    private static final int MASTERS = 3;
    private static @Nullable RedisCluster shared;

    private final List<RedisServer> nodes;

    private RedisCluster(List<RedisServer> nodes) {
        this.nodes = List.copyOf(nodes);
    }

    /**
     * Starts a cluster without replicas, which takes about two seconds.
     *
     * @return the cluster, all of whose nodes know the owners of all slots
     * @throws IllegalStateException if no Redis is available, or it is not ready within sixty seconds
     */
    public static RedisCluster start() {
        return start(MASTERS, "--cluster-enabled", "yes", "--cluster-node-timeout", "2000");
    }

    /**
     * Starts a cluster of three masters and a replica of each, which takes about five seconds. A replica takes over
     * once its master has not replied for two seconds, even if its copy of the data is old.
     *
     * @return the cluster, all of whose nodes know each other and all of whose replicas have copied their masters
     * @throws IllegalStateException if no Redis is available, or a step of it takes longer than sixty seconds
     */
    public static RedisCluster startWithReplicas() {
        return start(
                2 * MASTERS,
                "--cluster-enabled",
                "yes",
                "--cluster-node-timeout",
                "2000",
                "--cluster-replica-validity-factor",
                "0",
                "--repl-diskless-sync",
                "yes",
                "--repl-diskless-sync-delay",
                "0");
    }

    /**
     * Returns the shared cluster of this JVM, which has no replicas, and starts it if it does not run.
     * {@link RedisExtension} passes it to tests and ends it after the last of them.
     *
     * @return the cluster, ready for commands
     * @throws IllegalStateException if no Redis is available, or it is not ready within sixty seconds
     */
    public static synchronized RedisCluster shared() {
        RedisCluster cluster = shared;
        if (cluster == null) {
            cluster = start();
            shared = cluster;
        }
        return cluster;
    }

    /** {@return all nodes: first those started as masters, in order of their slots, then those started as replicas} */
    public List<RedisServer> nodes() {
        return nodes;
    }

    /**
     * Returns the current masters, in order of their slots. A dead or frozen master counts until its replica takes
     * over.
     *
     * @return the nodes, according to the live ones
     * @throws IllegalStateException if no node replies
     */
    public List<RedisServer> masters() {
        return ClusterTopology.of(nodes).masters();
    }

    /**
     * Returns the nodes that are currently no masters, including dead ones.
     *
     * @return the nodes, according to the live ones
     * @throws IllegalStateException if no node replies
     */
    public List<RedisServer> replicas() {
        List<RedisServer> masters = masters();
        return nodes.stream().filter(node -> !masters.contains(node)).toList();
    }

    /**
     * Returns the current master of a key. A dead or frozen master counts until its replica takes over.
     *
     * @param key the key as stored in Redis; a part in braces alone decides the slot
     * @return the master according to the live nodes; if they differ, the one that was elected last
     * @throws IllegalStateException if no node replies, or no node owns the slot of the key
     */
    public RedisServer masterOf(String key) {
        Object slot = nodes.stream()
                .flatMap(node -> node.tryCommand("CLUSTER", "KEYSLOT", key).stream())
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("No node of the cluster replies"));
        return ClusterTopology.of(nodes).owner(Math.toIntExact((Long) slot));
    }

    /**
     * Returns a current replica of a master, a running one if there is any.
     *
     * @param master a node of this cluster
     * @return the replica, according to the live nodes
     * @throws IllegalStateException if no node replies, or the master has no replica
     */
    public RedisServer replicaOf(RedisServer master) {
        return ClusterTopology.of(nodes)
                .replicaOf(master)
                .orElseThrow(() -> new IllegalStateException("The node on port " + master.port() + " has no replica"));
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

    private static RedisCluster start(int count, String... options) {
        RedisLauncher launcher = RedisLauncher.process(List.of(), List.of(options));
        List<RedisServer> nodes = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                nodes.add(RedisServer.start(launcher));
            }
            RedisCluster cluster = new RedisCluster(nodes);
            cluster.join();
            cluster.replicate();
            return cluster;
        } catch (RuntimeException ex) {
            nodes.forEach(RedisServer::close);
            throw ex;
        }
    }

    private void join() {
        for (int i = 0; i < MASTERS; i++) {
            RedisServer node = nodes.get(i);
            node.command(Stream.concat(
                            Stream.of("CLUSTER", "ADDSLOTS"),
                            IntStream.range(
                                            i * ClusterTopology.SLOTS / MASTERS,
                                            (i + 1) * ClusterTopology.SLOTS / MASTERS)
                                    .mapToObj(String::valueOf))
                    .toArray(String[]::new));
            node.command("CLUSTER", "SET-CONFIG-EPOCH", String.valueOf(i + 1));
        }
        for (RedisServer node : nodes) {
            nodes.get(0).command("CLUSTER", "MEET", node.host(), String.valueOf(node.port()));
        }
        await(node -> node.says("cluster_state:ok", "CLUSTER", "INFO")
                && node.says("cluster_slots_ok:" + ClusterTopology.SLOTS, "CLUSTER", "INFO")
                && node.says("cluster_known_nodes:" + nodes.size(), "CLUSTER", "INFO"));
    }

    private void replicate() {
        List<RedisServer> replicas = nodes.subList(MASTERS, nodes.size());
        for (int i = 0; i < replicas.size(); i++) {
            Object master = nodes.get(i).command("CLUSTER", "MYID");
            replicas.get(i).command("CLUSTER", "REPLICATE", String.valueOf(master));
        }
        await(node -> ClusterTopology.replicasSeenBy(node) == replicas.size()
                && (!replicas.contains(node) || node.says("master_link_status:up", "INFO", "replication")));
    }

    private void await(Predicate<RedisServer> ready) {
        RedisReadiness.awaitAgreement(
                () -> nodes.stream().allMatch(ready),
                () -> "The Redis cluster did not form: " + nodes.get(0).command("CLUSTER", "NODES"));
    }
}
