package io.ratelimit.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.output.IntegerOutput;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.ratelimit.Decision;
import io.ratelimit.DecisionSource;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.redis.TestConnections;
import io.ratelimit.remote.RemoteRateLimitStore;
import io.ratelimit.test.redis.RedisCluster;
import io.ratelimit.test.redis.RedisServer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.data.redis.connection.ClusterSlotHashUtil;
import org.springframework.data.redis.connection.lettuce.LettuceConnection;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

/** A server that is there and answers errors: each limit's policy answers in its place, and the log stays quiet. */
@ExtendWith(OutputCaptureExtension.class)
@Timeout(120)
class ServerErrorFaultTests {

    private static final String PASSWORD = "right-password";
    private static final String KEY = "secret-user";
    /** The timeout of 250 ms, and some time for a busy machine; waiting for the server to return would take seconds. */
    private static final Duration BUDGET = Duration.ofSeconds(1);

    /** How long a fault lasts at least: long enough that a line for each call would be noticed. */
    private static final Duration DURATION = Duration.ofSeconds(3);
    /** One when an outage starts, and one when it ends. */
    private static final int LINES_OF_AN_OUTAGE = 2;
    /** The log lines of the driver about a lost and restored connection, at any time. */
    private static final int LINES_OF_THE_DRIVER = 4;

    @Fault
    void busyWithAScript(long seed, CapturedOutput output) {
        try (RedisServer redis = RedisServer.start()) {
            redis.command("CONFIG", "SET", "lua-time-limit", "20");
            Trouble endless = new Trouble(
                    () -> CompletableFuture.runAsync(() -> redis.command("EVAL", "while true do end", "0")),
                    () -> redis.command("SCRIPT", "KILL"));
            assertPolicy("it answered BUSY", endless, KEY, output, "spring.data.redis.port=" + redis.port());
        }
    }

    @Fault
    void loadingItsData(long seed, CapturedOutput output) {
        try (RedisServer redis = debuggable()) {
            redis.command("CONFIG", "SET", "loading-process-events-interval-bytes", "1024");
            redis.command("EVAL", "for i = 1, 10000 do redis.call('SET', 'key:' .. i, 'value') end", "0");
            Trouble reload = new Trouble(
                    () -> {
                        redis.command("CONFIG", "SET", "key-load-delay", "1000");
                        CompletableFuture.runAsync(() -> redis.command("DEBUG", "RELOAD"));
                    },
                    () -> await().ignoreExceptions()
                            .atMost(Duration.ofSeconds(60))
                            .until(() -> "PONG".equals(redis.command("PING"))));
            assertPolicy("it answered LOADING", reload, KEY, output, "spring.data.redis.port=" + redis.port());
        }
    }

    @Fault
    void partOfAClusterThatIsDown(long seed, CapturedOutput output) {
        try (RedisCluster cluster = RedisCluster.start()) {
            RedisServer frozen = cluster.nodes().get(0);
            RedisServer asked = cluster.nodes().get(1);
            Trouble down = new Trouble(
                    () -> {
                        frozen.freeze();
                        await().atMost(Duration.ofSeconds(20))
                                .until(() -> String.valueOf(asked.command("CLUSTER", "INFO"))
                                        .contains("cluster_state:fail"));
                    },
                    () -> {
                        frozen.thaw();
                        await().atMost(Duration.ofSeconds(30))
                                .until(() -> cluster.nodes().stream()
                                        .allMatch(node -> String.valueOf(node.command("CLUSTER", "INFO"))
                                                .contains("cluster_state:ok")));
                    });
            assertPolicy(
                    "it answered CLUSTERDOWN",
                    down,
                    keyOfTheSecondThird(),
                    output,
                    "spring.data.redis.cluster.nodes="
                            + cluster.nodes().stream()
                                    .map(node -> node.host() + ":" + node.port())
                                    .collect(Collectors.joining(",")));
        }
    }

    @Fault
    void outOfMemoryAndOlderThanVersionSeven(long seed, CapturedOutput output) {
        try (RedisServer redis = RedisServer.startEmbedded()) {
            Trouble full = new Trouble(
                    () -> redis.command("CONFIG", "SET", "maxmemory", "1"),
                    () -> redis.command("CONFIG", "SET", "maxmemory", "0"));
            assertPolicy("it answered (ERR|OOM)", full, KEY, output, "spring.data.redis.port=" + redis.port());
        }
    }

    @Fault
    void withAPasswordThatTheApplicationDoesNotHave(long seed, CapturedOutput output) {
        try (RedisServer redis = RedisServer.start()) {
            LettuceConnectionFactory admins = TestConnections.lettuce(redis);
            admins.afterPropertiesSet();
            admins.start();
            try (LettuceConnection admin = (LettuceConnection) admins.getConnection()) {
                Trouble locked = new Trouble(
                        () -> {
                            admin.execute("CONFIG", bytes("SET", "requirepass", PASSWORD));
                            admin.execute(
                                    "CLIENT",
                                    new IntegerOutput<>(ByteArrayCodec.INSTANCE),
                                    bytes("KILL", "TYPE", "normal", "SKIPME", "yes"));
                        },
                        () -> admin.execute("CONFIG", bytes("SET", "requirepass", "")));
                assertPolicy(
                        "no connection|it answered NOAUTH",
                        locked,
                        KEY,
                        output,
                        "spring.data.redis.port=" + redis.port());
            } finally {
                admins.destroy();
            }
        }
    }

    @Fault
    void withAnotherPassword(long seed, CapturedOutput output) {
        try (RedisServer redis = RedisServer.start()) {
            Trouble changed = new Trouble(
                    () -> {
                        redis.command("ACL", "SETUSER", "app", "resetpass", ">other-password");
                        redis.command("CLIENT", "KILL", "USER", "app");
                    },
                    () -> redis.command("ACL", "SETUSER", "app", ">" + PASSWORD));
            assertPolicyForUser("no connection|it answered WRONGPASS", changed, redis, output);
        }
    }

    @Fault
    void withoutTheRightToRunScripts(long seed, CapturedOutput output) {
        assertPolicyWithRights("-evalsha -eval", "NOPERM", output);
    }

    @Fault
    void withoutAnyRight(long seed, CapturedOutput output) {
        assertPolicyWithRights("-@all", "NOPERM", output);
    }

    @Fault
    void withTheRightToOtherKeysOnly(long seed, CapturedOutput output) {
        assertPolicyWithRights("resetkeys ~other:*", "NOPERM", output);
    }

    @Fault
    void withoutTheRightToTellTheTime(long seed, CapturedOutput output) {
        assertPolicyWithRights("-time", "ERR", output);
    }

    private static void assertPolicyWithRights(String rules, String error, CapturedOutput output) {
        try (RedisServer redis = RedisServer.start()) {
            Trouble reduced = new Trouble(
                    () -> redis.command(("ACL SETUSER app " + rules).split(" ")),
                    () -> redis.command("ACL", "SETUSER", "app", "+@all", "~*"));
            assertPolicyForUser("it answered " + error, reduced, redis, output);
        }
    }

    private static void assertPolicyForUser(String error, Trouble fault, RedisServer redis, CapturedOutput output) {
        redis.command("ACL", "SETUSER", "app", "on", ">" + PASSWORD, "~*", "&*", "+@all");
        assertPolicy(
                error,
                fault,
                KEY,
                output,
                "spring.data.redis.port=" + redis.port(),
                "spring.data.redis.username=app",
                "spring.data.redis.password=" + PASSWORD);
    }

    private static void assertPolicy(
            String error, Trouble fault, String key, CapturedOutput output, String... properties) {
        try (ConfigurableApplicationContext context = new SpringApplicationBuilder(Application.class)
                .properties(properties)
                .properties(
                        "spring.main.web-application-type=none",
                        "ratelimit.defaults.rates=1000000000/s",
                        "ratelimit.limits.kept.on-store-failure=local",
                        "ratelimit.limits.open.on-store-failure=allow",
                        "ratelimit.limits.shut.on-store-failure=deny")
                .run()) {
            RateLimiterRegistry registry = context.getBean(RateLimiterRegistry.class);
            RemoteRateLimitStore store = (RemoteRateLimitStore) registry.store();
            await().until(() -> registry.get("kept").tryAcquire(key).source() == DecisionSource.STORE);

            int before = output.getAll().length();
            long begun = System.nanoTime();
            fault.begin.run();
            await().untilAsserted(() -> {
                registry.get("kept").tryAcquire(key);
                assertThat(store.outage().orElse("")).matches("Redis could not be asked: (" + error + ")");
            });
            long slowest = 0;
            int calls = 0;
            long noticed = System.nanoTime();
            for (; System.nanoTime() - noticed < DURATION.toNanos(); calls++) {
                long start = System.nanoTime();
                assertThat(answer(registry, "kept", key)).isEqualTo("local: admitted");
                assertThat(answer(registry, "open", key)).isEqualTo("policy: admitted");
                assertThat(answer(registry, "shut", key)).isEqualTo("policy: rejected");
                slowest = Math.max(slowest, System.nanoTime() - start);
            }
            MeterRegistry meters = context.getBean(MeterRegistry.class);
            assertThat(counted(meters, "kept", "local", "admitted")).isGreaterThanOrEqualTo(calls);
            assertThat(counted(meters, "open", "policy", "admitted")).isEqualTo(calls);
            assertThat(counted(meters, "shut", "policy", "rejected")).isEqualTo(calls);
            assertThat(calls).isPositive();
            assertThat(Duration.ofNanos(slowest)).isLessThan(BUDGET);

            fault.end.run();
            long ended = System.nanoTime();
            await().pollInterval(Duration.ofMillis(10))
                    .atMost(Duration.ofSeconds(4))
                    .until(() -> registry.get("kept").tryAcquire(key).source() == DecisionSource.STORE);
            long recovery = System.nanoTime() - ended;

            int seconds = (int) Duration.ofNanos(System.nanoTime() - begun).toSeconds();
            List<String> lines = output.getAll()
                    .substring(before)
                    .lines()
                    .filter(line -> line.matches("\\d{4}-\\d\\d-\\d\\dT.*"))
                    .toList();
            List<String> ours = lines.stream()
                    .filter(line -> line.contains("rate limit store"))
                    .toList();
            System.out.printf(
                    "%s: %d calls, slowest %d ms, normal after %d ms, %d lines of ours of %d in %d s%n",
                    error, 3 * calls, slowest / 1_000_000, recovery / 1_000_000, ours.size(), lines.size(), seconds);
            assertThat(Duration.ofNanos(recovery)).isLessThan(Duration.ofSeconds(2));
            assertThat(ours).hasSizeBetween(1, LINES_OF_AN_OUTAGE);
            assertThat(lines).hasSizeLessThanOrEqualTo(LINES_OF_THE_DRIVER + LINES_OF_AN_OUTAGE);
            assertThat(output.getAll()).doesNotContain(key, PASSWORD, "other-password");
        }
    }

    private static String answer(RateLimiterRegistry registry, String limit, String key) {
        Decision decision = registry.get(limit).tryAcquire(key);
        return decision.source().name().toLowerCase(Locale.ROOT) + (decision.admitted() ? ": admitted" : ": rejected");
    }

    private static double counted(MeterRegistry meters, String limit, String source, String outcome) {
        return meters.get("ratelimit.decisions")
                .tag("limit", limit)
                .tag("source", source)
                .tag("outcome", outcome)
                .functionCounter()
                .count();
    }

    /** A server that can reload its data on request. */
    private static RedisServer debuggable() {
        try {
            return RedisServer.start("--enable-debug-command", "yes");
        } catch (IllegalStateException ex) {
            return RedisServer.start();
        }
    }

    private static String keyOfTheSecondThird() {
        return IntStream.range(0, 1_000)
                .mapToObj(number -> KEY + number)
                .filter(key -> {
                    int slot = ClusterSlotHashUtil.calculateSlot("{" + key + "}");
                    return slot > 6_000 && slot < 10_000;
                })
                .findFirst()
                .orElseThrow();
    }

    private static byte[][] bytes(String... words) {
        return IntStream.range(0, words.length)
                .mapToObj(i -> words[i].getBytes(StandardCharsets.UTF_8))
                .toArray(byte[][]::new);
    }

    private record Trouble(Runnable begin, Runnable end) {}

    @EnableAutoConfiguration
    static class Application {

        @Bean
        MeterRegistry meters() {
            return new SimpleMeterRegistry();
        }
    }
}
