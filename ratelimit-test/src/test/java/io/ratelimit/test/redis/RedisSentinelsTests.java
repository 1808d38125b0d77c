package io.ratelimit.test.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fault")
class RedisSentinelsTests {

    /**
     * Long enough for a sentinel that was paused for two seconds on a busy machine, and then does nothing for thirty.
     */
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    private static final RedisSentinels GROUP = RedisSentinels.start();

    @AfterAll
    static void close() {
        GROUP.close();
    }

    @Test
    void aManualFailoverClosesConnectionsToTheOldMasterAndMakesItReadOnly() throws Exception {
        RedisServer before = GROUP.master();
        try (RespConnection connection = new RespConnection(before.host(), before.port())) {
            connection.command("SET", "a", "1");
            assertThat(connection.command("WAIT", "1", "4000")).isEqualTo(1L);
            RedisServer after = GROUP.failOver();
            assertThat(after).isNotSameAs(before).isSameAs(GROUP.master());
            assertThat(after.command("GET", "a")).isEqualTo("1");
            assertThatThrownBy(() -> connection.command("PING")).isInstanceOf(IOException.class);
            assertThatThrownBy(() -> before.command("SET", "a", "2")).hasMessageContaining("READONLY");
        }
    }

    @Test
    void theReplicaTakesOverFromAKilledMasterWithOneSentinelDeadAndBothReturnOnTheirPorts() {
        RedisServer victim = GROUP.master();
        RedisServer sentinel = GROUP.sentinels().get(0);
        sentinel.kill();
        victim.kill();
        awaitAnotherMaster(victim);
        victim.restart();
        sentinel.restart();
        awaitFollower(victim);
        await().atMost(PATIENCE).until(() -> namedBy(sentinel).equals(port(GROUP.master())));
    }

    @Test
    void theReplicaTakesOverFromAFrozenMaster() {
        RedisServer victim = GROUP.master();
        victim.freeze();
        assertThat(GROUP.master()).isSameAs(victim);
        awaitAnotherMaster(victim);
        victim.thaw();
        awaitFollower(victim);
    }

    @Test
    void theMasterIsUnknownAtOnceWhenNoSentinelReplies() {
        GROUP.sentinels().forEach(RedisServer::freeze);
        long start = System.nanoTime();
        assertThatThrownBy(GROUP::master).hasMessage("No sentinel replies");
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
        GROUP.sentinels().forEach(RedisServer::thaw);
        assertThat(GROUP.servers()).contains(GROUP.master());
    }

    private static void awaitAnotherMaster(RedisServer victim) {
        await().atMost(PATIENCE).until(() -> GROUP.master() != victim);
        await().atMost(PATIENCE).until(() -> GROUP.master().says("role:master", "INFO", "replication"));
    }

    private static void awaitFollower(RedisServer server) {
        await().atMost(PATIENCE)
                .until(() -> server.says("master_port:" + GROUP.master().port(), "INFO", "replication")
                        && server.says("master_link_status:up", "INFO", "replication"));
    }

    private static String namedBy(RedisServer sentinel) {
        return ((List<?>) sentinel.command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", GROUP.masterName()))
                .get(1)
                .toString();
    }

    private static String port(RedisServer server) {
        return String.valueOf(server.port());
    }
}
