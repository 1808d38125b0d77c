package io.ratelimit.test.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class ClusterTopologyTests {

    private final RedisServer a = neverStarted(7001);
    private final RedisServer b = neverStarted(7002);
    private final RedisServer c = neverStarted(7003);

    @Test
    void theMasterElectedLastOwnsASlotThatNodesDisagreeOn() {
        String thawed = line("A", a, "myself,master", "-", 1, "0-16383") + line("B", b, "slave", "A", 1, "");
        String elected = line("A", a, "slave,fail", "B", 2, "") + line("B", b, "myself,master", "-", 2, "0-16383");
        for (List<String> views : List.of(List.of(thawed, elected), List.of(elected, thawed))) {
            ClusterTopology topology = ClusterTopology.of(List.of(a, b), views);
            assertThat(topology.owner(0)).isSameAs(b);
            assertThat(topology.owner(16_383)).isSameAs(b);
            assertThat(topology.masters()).containsExactly(b);
        }
    }

    @Test
    void theReplicaItselfDecidesWhichMasterItFollows() {
        String stale = line("A", a, "myself,master", "-", 1, "0-9")
                + line("B", b, "master", "-", 2, "10-16383")
                + line("C", c, "slave", "A", 1, "");
        String own = line("A", a, "master", "-", 1, "0-9")
                + line("B", b, "master", "-", 2, "10-16383")
                + line("C", c, "myself,slave", "B", 2, "");
        for (List<String> views : List.of(List.of(stale, own), List.of(own, stale))) {
            ClusterTopology topology = ClusterTopology.of(List.of(a, b, c), views);
            assertThat(topology.replicaOf(b)).contains(c);
            assertThat(topology.replicaOf(a)).isEmpty();
        }
    }

    @Test
    void slotsCanBeScatteredMigratingOrUnowned() {
        String view = line("A", a, "myself,master", "-", 1, "0-4 7 [8->-B]") + line("B", b, "master", "-", 2, "5");
        ClusterTopology topology = ClusterTopology.of(List.of(a, b, c), List.of(view));
        assertThat(topology.owner(7)).isSameAs(a);
        assertThat(topology.masters()).containsExactly(a, b);
        assertThatThrownBy(() -> topology.owner(8)).hasMessage("No node owns slot 8");
    }

    private static String line(String id, RedisServer node, String flags, String master, int epoch, String slots) {
        return "%s 127.0.0.1:%d@%d,, %s %s 0 0 %d connected %s%n"
                .formatted(id, node.port(), node.port() + 10_000, flags, master, epoch, slots);
    }

    private static RedisServer neverStarted(int port) {
        return new RedisServer(port, new RedisRuntime() {
            @Override
            public void start() {}

            @Override
            public void end() {}

            @Override
            public void freeze() {}

            @Override
            public void thaw() {}

            @Override
            public void clear() {}
        });
    }
}
