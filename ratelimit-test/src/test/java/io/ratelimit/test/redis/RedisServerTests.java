package io.ratelimit.test.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.UncheckedIOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(RedisExtension.class)
class RedisServerTests {

    @Test
    void oneServerServesTheWholeJvm(RedisServer first, RedisServer second) {
        assertThat(first).isSameAs(second).isSameAs(RedisServer.shared());
        assertThat(first.command("PING")).isEqualTo("PONG");
    }

    @Test
    void aKilledServerIsGoneAndComesBackEmptyOnItsPort() {
        try (RedisServer redis = RedisServer.start()) {
            redis.command("SET", "a", "1");
            redis.kill();
            assertThatThrownBy(() -> redis.command("PING")).isInstanceOf(UncheckedIOException.class);
            redis.restart();
            assertThat(redis.command("GET", "a")).isNull();
        }
    }

    @Test
    void aServerKeepsNothingOnDisk(RedisServer redis) {
        assertThat(redis.command("CONFIG", "GET", "save")).asString().isEqualTo("[save, ]");
    }

    @Test
    void anErrorIsThrownWithItsText(RedisServer redis) {
        assertThatThrownBy(() -> redis.command("NONSENSE")).hasMessageContaining("unknown command");
    }

    @Test
    void theEmbeddedServerIsOlderThanSeven() {
        try (RedisServer redis = RedisServer.startEmbedded()) {
            assertThat(redis.command("INFO", "server")).asString().contains("redis_version:6.");
        }
    }

    @Test
    void theThreeMastersOfAClusterOwnAllSlots(RedisCluster cluster) {
        assertThat(cluster.nodes())
                .hasSize(3)
                .allSatisfy(node -> assertThat(node.command("CLUSTER", "INFO"))
                        .asString()
                        .contains("cluster_slots_ok:16384", "cluster_size:3"));
    }
}
