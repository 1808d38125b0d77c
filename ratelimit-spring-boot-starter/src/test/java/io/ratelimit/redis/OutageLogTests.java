package io.ratelimit.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import io.ratelimit.DecisionSource;
import io.ratelimit.RateLimiter;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.test.redis.RedisCluster;
import io.ratelimit.test.redis.RedisServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * The log of an application while its Redis is away: a line of ours when the outage starts and one when it ends, and
 * few lines of the driver. The line of each minute is tested with a virtual clock, in {@code StoreOutageLoggerTests}.
 */
@Tag("server")
@Timeout(180)
@ExtendWith(OutputCaptureExtension.class)
class OutageLogTests {

    private static final Duration OUTAGE = Duration.ofSeconds(20);
    private static final Duration LONG_OUTAGE = Duration.ofSeconds(30);

    private static final String[] START_AND_END = {"is unavailable, each limit follows", "is available again"};

    @Test
    void aServerThatIsKilledAndRestarted(CapturedOutput output) {
        try (RedisServer redis = RedisServer.start();
                Application application = new Application("spring.data.redis.port=" + redis.port())) {
            int before = output.getAll().length();
            redis.kill();
            application.callFor(OUTAGE);
            redis.restart();
            application.callUntilAnswered();

            assertThat(ours(output, before)).containsExactly(START_AND_END);
            // Two connections, each with two lines every five seconds, and some at the start and the end.
            assertThat(drivers(output, before)).hasSizeLessThanOrEqualTo(25);
        }
    }

    @Test
    void aServerThatIsFrozen(CapturedOutput output) {
        try (RedisServer redis = RedisServer.start();
                Application application = new Application("spring.data.redis.port=" + redis.port())) {
            int before = output.getAll().length();
            redis.freeze();
            application.callFor(OUTAGE);
            redis.thaw();
            application.callUntilAnswered();

            assertThat(ours(output, before)).containsExactly(START_AND_END);
            assertThat(drivers(output, before)).hasSizeLessThanOrEqualTo(5);
        }
    }

    @Test
    void aServerThatLoadsItsDataWhenItIsRestarted(CapturedOutput output) throws IOException {
        String file = "outage-" + ProcessHandle.current().pid() + ".rdb";
        String[] slowToLoad = {
            "--dir",
            "/tmp",
            "--dbfilename",
            file,
            "--key-load-delay",
            "500",
            "--loading-process-events-interval-bytes",
            "1024"
        };
        try (RedisServer redis = RedisServer.start(slowToLoad);
                Application application = new Application("spring.data.redis.port=" + redis.port())) {
            redis.command("EVAL", "for i = 1, 5000 do redis.call('SET', 'key:' .. i, 'value') end", "0");
            redis.command("SAVE");
            int before = output.getAll().length();
            redis.kill();
            Thread restart = new Thread(redis::restart);
            restart.start();
            AtomicBoolean loading = new AtomicBoolean();
            application.callUntil(() -> {
                loading.compareAndSet(false, isLoading(redis));
                return !restart.isAlive();
            });
            application.callUntilAnswered();

            assumeThat(loading).as("a server that keeps its file").isTrue();
            assertThat(ours(output, before)).containsExactly(START_AND_END);
            assertThat(drivers(output, before)).hasSizeLessThanOrEqualTo(30);
            await().untilAsserted(() -> assertThat(connections(redis)).hasSizeLessThanOrEqualTo(3));
        } finally {
            Files.deleteIfExists(Path.of("/tmp", file));
        }
    }

    @Test
    void aMasterOfAClusterThatIsFrozen(CapturedOutput output) {
        try (RedisCluster cluster = RedisCluster.start()) {
            cluster.nodes().forEach(node -> node.command("CONFIG", "SET", "cluster-require-full-coverage", "no"));
            String nodes = cluster.nodes().stream()
                    .map(node -> node.host() + ":" + node.port())
                    .collect(Collectors.joining(","));
            try (Application application = new Application("spring.data.redis.cluster.nodes=" + nodes)) {
                RedisServer frozen = cluster.masters().get(0);
                int before = output.getAll().length();
                frozen.freeze();
                application.callFor(LONG_OUTAGE);
                frozen.thaw();
                application.callUntilAnswered();

                assertThat(ours(output, before)).containsExactly(START_AND_END);
                // One with a stack trace for each refresh of the topology, which become rarer.
                assertThat(drivers(output, before)).hasSizeLessThanOrEqualTo(13);
            }
        }
    }

    private static List<String> ours(CapturedOutput output, int before) {
        return lines(output, before).stream()
                .filter(line -> line.contains("rate limit store"))
                .map(line -> List.of(START_AND_END).stream()
                        .filter(line::contains)
                        .findFirst()
                        .orElse(line))
                .toList();
    }

    private static List<String> drivers(CapturedOutput output, int before) {
        return lines(output, before).stream()
                .filter(line -> !line.contains("rate limit store"))
                .toList();
    }

    /** Returns the first line of each event, without stack traces. */
    private static List<String> lines(CapturedOutput output, int before) {
        return output.getAll()
                .substring(before)
                .lines()
                .filter(line -> line.matches("\\d{4}-\\d\\d-\\d\\dT.*"))
                .toList();
    }

    private static boolean isLoading(RedisServer redis) {
        try {
            redis.command("PING");
            return false;
        } catch (IllegalStateException ex) {
            return String.valueOf(ex.getMessage()).contains("LOADING");
        } catch (UncheckedIOException ex) {
            return false;
        }
    }

    private static List<String> connections(RedisServer redis) {
        return String.valueOf(redis.command("CLIENT", "LIST")).lines().toList();
    }

    /** An application that calls with many keys, so that all nodes of a cluster are asked, and waits for leases. */
    private static final class Application implements AutoCloseable {

        private final ConfigurableApplicationContext context;
        private final RateLimiter limiter;
        private int calls;

        Application(String redis) {
            context = new SpringApplicationBuilder(Wiring.class)
                    .web(WebApplicationType.NONE)
                    .properties(
                            redis,
                            "ratelimit.limits.called.rates=1000000/s",
                            "ratelimit.limits.leased.algorithm=concurrency",
                            "ratelimit.limits.leased.max-concurrent=1000")
                    .run();
            RateLimiterRegistry registry = context.getBean(RateLimiterRegistry.class);
            limiter = registry.get("called");
            registry.get("leased").holdAsync("key");
            callUntilAnswered();
        }

        void callFor(Duration time) {
            long begun = System.nanoTime();
            callUntil(() -> System.nanoTime() - begun >= time.toNanos());
        }

        void callUntil(Callable<Boolean> end) {
            await().atMost(LONG_OUTAGE.multipliedBy(2))
                    .pollInterval(Duration.ofMillis(2))
                    .until(() -> {
                        call();
                        return end.call();
                    });
        }

        /** Calls until the store has answered for two seconds, in which an outage that has ended is logged. */
        void callUntilAnswered() {
            await().atMost(Duration.ofSeconds(60))
                    .pollInterval(Duration.ofMillis(2))
                    .during(Duration.ofSeconds(2))
                    .until(this::call);
        }

        private boolean call() {
            return limiter.tryAcquire("key-" + calls++ % 100).source() == DecisionSource.STORE;
        }

        @Override
        public void close() {
            context.close();
        }
    }

    @EnableAutoConfiguration
    static class Wiring {}
}
