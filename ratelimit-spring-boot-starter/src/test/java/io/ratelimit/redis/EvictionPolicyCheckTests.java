package io.ratelimit.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.ratelimit.Charge;
import io.ratelimit.Limit;
import io.ratelimit.test.redis.RedisCluster;
import io.ratelimit.test.redis.RedisServer;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.data.redis.connection.RedisConnectionFactory;

/** The warnings about the eviction policies of servers. */
@ExtendWith(OutputCaptureExtension.class)
@Tag("slow")
class EvictionPolicyCheckTests {

    private static final String WARNING = "Redis may evict rate limit keys when its memory is full";
    private static final Charge CHARGE = new Charge(Limit.of("search", "10/s"), "ann", 1000);

    private final Set<Thread> before = Thread.getAllStackTraces().keySet();
    private final RedisServer redis = RedisServer.start();
    private RedisConnectionFactory connections;

    @AfterEach
    void end() throws Exception {
        ((DisposableBean) connections).destroy();
        redis.close();
    }

    @ParameterizedTest
    @CsvSource({
        "lettuce, 100mb, allkeys-lru, true",
        "lettuce, 100mb, volatile-ttl, true",
        "lettuce, 100mb, volatile-random, true",
        "lettuce, 100mb, noeviction, false",
        "lettuce, 0, allkeys-lru, false",
        "jedis, 100mb, allkeys-lfu, true",
        "jedis, 100mb, noeviction, false",
    })
    void aServerThatMayEvictKeysIsReportedOnce(
            String client, String memory, String policy, boolean warned, CapturedOutput output) {
        redis.command("CONFIG", "SET", "maxmemory", memory);
        redis.command("CONFIG", "SET", "maxmemory-policy", policy);
        try (RedisRateLimitStore store = store(client)) {
            store.connect().toCompletableFuture().join();
            store.connect().toCompletableFuture().join();
            awaitEnd();
            assertThat(store.decide(CHARGE).admitted()).isTrue();
        }
        if (warned) {
            assertThat(output)
                    .containsOnlyOnce(WARNING)
                    .containsPattern(
                            "WARN .*" + WARNING + " \\(maxmemory-policy " + policy + "\\), and an evicted key is a"
                                    + " full bucket: its limit starts"
                                    + " again\\. Set maxmemory-policy"
                                    + " noeviction, or keep limits on a"
                                    + " Redis of their own"
                                    + " \\(ratelimit\\.redis\\.connection-factory\\)");
        } else {
            assertThat(output).doesNotContain(WARNING);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"lettuce", "jedis"})
    void aServerThatIsAbsentAtStartIsAskedWhenItIsThere(String client, CapturedOutput output) {
        redis.kill();
        try (RedisRateLimitStore store = store(client)) {
            store.connect();
            await().pollDelay(Duration.ofMillis(300)).until(this::isAsking);
            redis.restart();
            redis.command("CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
            redis.command("CONFIG", "SET", "maxmemory", "100mb");
            awaitEnd();
        }
        assertThat(output).containsOnlyOnce(WARNING);
    }

    @ParameterizedTest
    @ValueSource(strings = {"lettuce", "jedis"})
    void aServerThatDoesNotTellItsPolicyIsIgnored(String client, CapturedOutput output) {
        redis.command("CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
        redis.command("CONFIG", "SET", "maxmemory", "100mb");
        redis.command("ACL", "SETUSER", "default", "-info");
        try (RedisRateLimitStore store = store(client)) {
            store.connect().toCompletableFuture().join();
            awaitEnd();
            assertThat(store.decide(CHARGE).admitted()).isTrue();
        }
        assertThat(output.toString().lines().filter(line -> line.contains("EvictionPolicyCheck")))
                .allMatch(line -> line.contains(" DEBUG "));
    }

    @ParameterizedTest
    @ValueSource(strings = {"lettuce", "jedis"})
    @Tag("server")
    void everyMasterOfAClusterIsAsked(String client, CapturedOutput output) {
        try (RedisCluster cluster = RedisCluster.start()) {
            RedisServer first = cluster.nodes().get(0);
            RedisServer last = cluster.nodes().get(2);
            first.command("CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
            last.command("CONFIG", "SET", "maxmemory-policy", "volatile-lru");
            last.command("CONFIG", "SET", "maxmemory", "100mb");
            connections = client.equals("jedis") ? TestConnections.jedis(cluster) : TestConnections.lettuce(cluster);
            try (RedisRateLimitStore store = store()) {
                store.connect().toCompletableFuture().join();
                awaitEnd();
            }
            assertThat(output)
                    .containsOnlyOnce(WARNING)
                    .contains("maxmemory-policy volatile-lru)")
                    .doesNotContain("allkeys-lru");
        }
    }

    @Test
    void aClosedStoreStopsTheCheck() {
        redis.kill();
        RedisRateLimitStore store = store("lettuce");
        store.connect();
        await().until(this::isAsking);
        store.close();
        store.connect();
        awaitEnd();
    }

    private RedisRateLimitStore store(String client) {
        connections = client.equals("jedis") ? TestConnections.jedis(redis) : TestConnections.lettuce(redis);
        return store();
    }

    private RedisRateLimitStore store() {
        return RedisRateLimitStore.create(connections, "ratelimit", Duration.ofSeconds(5));
    }

    private void awaitEnd() {
        await().atMost(Duration.ofSeconds(10)).until(() -> !isAsking());
    }

    private boolean isAsking() {
        return Thread.getAllStackTraces().keySet().stream()
                .anyMatch(thread -> !before.contains(thread) && thread.getName().equals("ratelimit-redis-eviction"));
    }
}
