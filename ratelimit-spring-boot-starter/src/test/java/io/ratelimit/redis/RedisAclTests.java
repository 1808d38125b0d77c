package io.ratelimit.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.Limit;
import io.ratelimit.Permit;
import io.ratelimit.RateLimiter;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.test.redis.RedisCluster;
import io.ratelimit.test.redis.RedisServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.data.redis.connection.RedisClusterConfiguration;
import org.springframework.data.redis.connection.RedisConfiguration;
import org.springframework.data.redis.connection.RedisConfiguration.WithAuthentication;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.RedisNode;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.jedis.JedisConnectionFactory;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

/** Everything that a limiter does, by a user of Redis with the rights that docs/redis.md names and no others. */
@Tag("slow")
class RedisAclTests {

    private static final Duration PATIENT = Duration.ofSeconds(5);

    @ParameterizedTest
    @ValueSource(strings = {"lettuce", "jedis"})
    void theRightsThatAreDocumentedAreEnough(String client) throws Exception {
        try (RedisServer redis = RedisServer.start()) {
            redis.command(rights("ACL SETUSER limiter"));
            useEverything(client, new RedisStandaloneConfiguration(redis.host(), redis.port()), List.of(redis));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"lettuce", "jedis"})
    @Tag("server")
    void onAClusterTheyAreEnoughWithThoseForItsTopology(String client) throws Exception {
        try (RedisCluster cluster = RedisCluster.start()) {
            RedisClusterConfiguration configuration = new RedisClusterConfiguration();
            for (RedisServer node : cluster.nodes()) {
                node.command(rights("ACL SETUSER limiter"));
                node.command(rights("ACL SETUSER limiter +cluster"));
                configuration.addClusterNode(new RedisNode(node.host(), node.port()));
            }
            useEverything(client, configuration, cluster.nodes());
        }
    }

    private static void useEverything(String client, RedisConfiguration configuration, List<RedisServer> servers)
            throws Exception {
        ((WithAuthentication) configuration).setUsername("limiter");
        ((WithAuthentication) configuration).setPassword("secret");
        RedisConnectionFactory connections = factory(client, configuration);
        Set<Thread> before = Thread.getAllStackTraces().keySet();
        try (RedisRateLimitStore store = RedisRateLimitStore.create(connections, "ratelimit", PATIENT);
                RateLimiterRegistry registry = new RateLimiterRegistry(store, List.of())) {
            store.connect().toCompletableFuture().get(10, TimeUnit.SECONDS);
            await().until(() -> Thread.getAllStackTraces().keySet().stream()
                    .noneMatch(thread ->
                            !before.contains(thread) && thread.getName().equals("ratelimit-redis-eviction")));
            RateLimiter search = registry.define(Limit.of("search", "10/h"));
            Decision decision = search.tryAcquire("ann", 5);
            search.settle(decision, 2).toCompletableFuture().join();
            store.debit(decision, List.of(new Charge(search.limit(), "ann", 1000)))
                    .toCompletableFuture()
                    .join();
            assertThat(search.peek("ann").remaining()).isBetween(7.0, 7.1);
            store.reset(search.limit(), "ann");
            assertThat(search.peek("ann").remaining()).isEqualTo(10);
            RateLimiter export = registry.define(Limit.named("export")
                    .maxConcurrent(1, Duration.ofSeconds(30))
                    .maxWait(PATIENT)
                    .build());
            Permit running = export.hold("ann");
            await().until(() -> servers.stream()
                    .anyMatch(server -> !List.of().equals(server.command("PUBSUB", "CHANNELS", "ratelimit:ready"))));
            CompletableFuture<Permit> waiter = export.holdAsync("ann");
            running.close();
            waiter.get(10, TimeUnit.SECONDS).close();
        } finally {
            ((DisposableBean) connections).destroy();
        }
        for (RedisServer server : servers) {
            assertThat(server.command("ACL", "LOG")).isEqualTo(List.of());
        }
    }

    private static RedisConnectionFactory factory(String client, RedisConfiguration configuration) {
        if (client.equals("lettuce")) {
            return configuration instanceof RedisClusterConfiguration cluster
                    ? new LettuceConnectionFactory(cluster)
                    : new LettuceConnectionFactory((RedisStandaloneConfiguration) configuration);
        }
        JedisConnectionFactory jedis = configuration instanceof RedisClusterConfiguration cluster
                ? new JedisConnectionFactory(cluster)
                : new JedisConnectionFactory((RedisStandaloneConfiguration) configuration);
        jedis.afterPropertiesSet();
        jedis.start();
        return jedis;
    }

    /** The words of the first line of the page that begins so. */
    private static String[] rights(String beginning) throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("..", "docs", "redis.md"))) {
            return lines.filter(line -> line.startsWith(beginning))
                    .findFirst()
                    .orElseThrow()
                    .split(" ");
        }
    }
}
