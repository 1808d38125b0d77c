package io.ratelimit.test.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@Tag("fault")
class RedisClusterTests {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @Test
    @ExtendWith(RedisExtension.class)
    void theThreeMastersOfAClusterOwnAllSlots(RedisCluster cluster) {
        assertThat(cluster.nodes())
                .hasSize(3)
                .isEqualTo(cluster.masters())
                .allSatisfy(node -> assertThat(node.command("CLUSTER", "INFO"))
                        .asString()
                        .contains("cluster_slots_ok:16384", "cluster_size:3"));
        assertThat(cluster.replicas()).isEmpty();
        assertThatThrownBy(() -> cluster.replicaOf(cluster.masterOf("a"))).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void replicasTakeOverFromKilledAndFrozenMastersWhichReturnAsReplicas() {
        RedisCluster cluster = RedisCluster.startWithReplicas();
        try (cluster) {
            List<RedisServer> masters = cluster.masters();
            assertThat(cluster.nodes()).hasSize(6).startsWith(masters.toArray(RedisServer[]::new));
            assertThat(cluster.replicas()).isEqualTo(cluster.nodes().subList(3, 6));

            RedisServer killed = cluster.masterOf("a");
            RedisServer heir = cluster.replicaOf(killed);
            assertThat(masters).contains(killed);
            assertThat(cluster.replicas()).contains(heir);
            killed.command("SET", "a", "1");
            await().until(() -> Long.valueOf(1).equals(heir.command("DBSIZE")));
            killed.kill();
            assertThat(cluster.masterOf("a")).isSameAs(killed);
            await().atMost(PATIENCE).until(() -> cluster.masterOf("a") == heir);
            assertThat(heir.command("GET", "a")).isEqualTo("1");
            assertThatThrownBy(() -> cluster.replicaOf(heir)).hasMessageContaining("no replica");
            killed.restart();

            RedisServer frozen = masters.stream()
                    .filter(master -> master != killed)
                    .findFirst()
                    .orElseThrow();
            RedisServer successor = cluster.replicaOf(frozen);
            frozen.freeze();
            await().atMost(PATIENCE).until(() -> cluster.masters().contains(successor));
            assertThat(cluster.replicas()).contains(frozen);
            frozen.thaw();

            await().atMost(PATIENCE).until(() -> follows(killed, heir) && follows(frozen, successor));
            assertThat(cluster.replicaOf(heir)).isSameAs(killed);
            assertThat(cluster.replicaOf(successor)).isSameAs(frozen);
            assertThat(cluster.masters()).hasSize(3).contains(heir, successor);
        }
        assertThatThrownBy(cluster::masters).hasMessage("No node of the cluster replies");
        assertThatThrownBy(() -> cluster.masterOf("a")).hasMessage("No node of the cluster replies");
    }

    private static boolean follows(RedisServer replica, RedisServer master) {
        return replica.says("master_port:" + master.port(), "INFO", "replication")
                && replica.says("master_link_status:up", "INFO", "replication");
    }
}
