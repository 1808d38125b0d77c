package io.ratelimit.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.DecisionSource;
import io.ratelimit.Limit;
import io.ratelimit.StoreUnavailableException;
import io.ratelimit.memory.InMemoryRateLimitStore;
import io.ratelimit.remote.RemoteRateLimitStore;
import io.ratelimit.test.redis.RedisServer;
import io.ratelimit.test.redis.TcpProxy;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.assertj.core.util.Throwables;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

class RedisFaultTests {

    private static final Duration TIMEOUT = Duration.ofMillis(250);
    /** Beyond the timeout, for a busy machine; a client that ignored it would take seconds. */
    private static final Duration BUDGET = Duration.ofSeconds(1);

    private static final Limit LIMIT = Limit.of("slow", "100/h");
    private static final Charge CHARGE = new Charge(LIMIT, "secret-user", 1000);

    private final RedisServer redis = RedisServer.start();
    private RedisRateLimitStore store;

    @BeforeEach
    void start() {
        store = store(TestConnections.lettuce(redis));
    }

    @AfterEach
    void close() {
        store.close();
        redis.close();
    }

    @Test
    void aServerThatIsAbsentAtStartIsUnavailableWithinTheDeadlineAndFoundOnceItIsUp() {
        redis.kill();
        for (int i = 0; i < 20; i++) {
            assertUnavailableInTime();
        }
        assertThatThrownBy(() -> store.decide(CHARGE)).hasMessage("Redis could not be asked: no connection");
        redis.restart();
        awaitRecovery();
    }

    @Test
    void aServerThatIsKilledIsUnavailableAtOnceAndFoundWithinTwoSeconds() throws Exception {
        connect(store);
        store.decide(CHARGE);
        redis.kill();
        await().atMost(Duration.ofSeconds(1)).until(() -> !isAvailable());
        long start = System.nanoTime();
        for (int i = 0; i < 100; i++) {
            assertThatThrownBy(() -> store.decide(CHARGE)).isInstanceOf(StoreUnavailableException.class);
        }
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(2));
        redis.restart();
        awaitRecovery();
        assertThat(store.decide(new Charge(LIMIT, "secret-user", 0)).remaining())
                .as("only the call that recovered has taken a token, none of those before")
                .isBetween(99.0, 99.2);
    }

    @Test
    void aReplyThatIsLostIsADecisionThatExecutedOnce() throws Exception {
        try (TcpProxy proxy = TcpProxy.to(redis.host(), redis.port());
                RedisRateLimitStore remote = store(TestConnections.lettuce(redis.host(), proxy.port()))) {
            connect(remote);
            remote.decide(CHARGE);
            proxy.dropReplies(true);
            assertThatThrownBy(() -> remote.decide(CHARGE))
                    .isInstanceOf(StoreUnavailableException.class)
                    .hasMessage("Redis could not be asked: no answer within 250 ms");
            remote.decideAsync(List.of(CHARGE), Duration.ZERO);
            Thread.sleep(20);
            proxy.dropReplies(false);
            proxy.reset();
            await().atMost(Duration.ofSeconds(2))
                    .ignoreExceptions()
                    .until(() -> remote.decide(new Charge(LIMIT, "x", 0)).admitted());
            assertThat(remote.decide(new Charge(LIMIT, "secret-user", 0)).remaining())
                    .isBetween(97.0, 97.2);
        }
    }

    @Test
    void anAsynchronousDecisionFailsWithinTheDeadlineToo() throws Exception {
        try (TcpProxy proxy = TcpProxy.to(redis.host(), redis.port());
                RedisRateLimitStore remote = store(TestConnections.lettuce(redis.host(), proxy.port()))) {
            connect(remote);
            remote.decide(CHARGE);
            proxy.dropReplies(true);
            long start = System.nanoTime();
            assertThatThrownBy(() -> remote.decideAsync(List.of(CHARGE), Duration.ZERO)
                            .toCompletableFuture()
                            .get(5, TimeUnit.SECONDS))
                    .isInstanceOf(ExecutionException.class)
                    .hasCauseInstanceOf(StoreUnavailableException.class);
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(BUDGET);
        }
    }

    @Test
    void anErrorOfTheServerIsNamedWithoutKeyPasswordOrHost() {
        redis.command("CONFIG", "SET", "requirepass", "right-password");
        RedisStandaloneConfiguration configuration = new RedisStandaloneConfiguration(redis.host(), redis.port());
        configuration.setPassword("wrong-password");
        try (RedisRateLimitStore locked = store(new LettuceConnectionFactory(configuration))) {
            assertThatThrownBy(() -> connect(locked)).hasCauseInstanceOf(StoreUnavailableException.class);
            assertThatThrownBy(() -> locked.decide(CHARGE))
                    .isInstanceOf(StoreUnavailableException.class)
                    .hasMessage("Redis could not be asked: it answered WRONGPASS");
            assertThatThrownBy(() -> locked.reset(LIMIT, "secret-user"))
                    .isInstanceOf(StoreUnavailableException.class)
                    .extracting(Throwable::getMessage)
                    .asString()
                    .doesNotContain("secret", "password", redis.host());
        }
    }

    @Test
    void anErrorThatQuotesTheCommandIsReportedWithoutIt() {
        try (RedisServer renamed = RedisServer.start("--rename-command", "EVALSHA", "HASHED");
                RedisRateLimitStore asked = store(TestConnections.lettuce(renamed))) {
            connect(asked);
            assertThatThrownBy(() -> renamed.command("EVALSHA", "0", "1", "ratelimit:{secret-user}:slow"))
                    .hasMessageContaining("secret-user");
            assertThatThrownBy(() -> asked.decide(CHARGE))
                    .isInstanceOf(StoreUnavailableException.class)
                    .hasMessage("Redis could not be asked: it answered ERR")
                    .hasNoCause();
            assertThatThrownBy(() -> asked.decideAsync(List.of(CHARGE), Duration.ZERO)
                            .toCompletableFuture()
                            .get())
                    .hasStackTraceContaining("it answered ERR")
                    .satisfies(failure ->
                            assertThat(Throwables.getStackTrace(failure)).doesNotContain("secret-user"));
        }
    }

    @Test
    void aMasterOlderThanSevenThatIsDemotedIsAskedNoMore() throws Exception {
        try (RedisServer old = RedisServer.startEmbedded();
                TcpProxy proxy = TcpProxy.to(old.host(), old.port());
                RedisRateLimitStore followed = store(TestConnections.lettuce(old.host(), proxy.port()))) {
            connect(followed);
            followed.decide(CHARGE);
            proxy.retarget(redis.host(), redis.port());
            old.command("REPLICAOF", "127.0.0.1", "1");
            assertThatThrownBy(() -> followed.decide(CHARGE))
                    .hasMessage("Redis could not be asked: it answered READONLY");
            await().atMost(Duration.ofSeconds(3))
                    .ignoreExceptions()
                    .until(() -> followed.decide(CHARGE).admitted());
        }
    }

    @Test
    void theApplicationsCredentialsAndDatabaseAreUsed() {
        redis.command("CONFIG", "SET", "requirepass", "right-password");
        RedisStandaloneConfiguration configuration = new RedisStandaloneConfiguration(redis.host(), redis.port());
        configuration.setPassword("right-password");
        configuration.setDatabase(3);
        try (RedisRateLimitStore own = store(new LettuceConnectionFactory(configuration))) {
            connect(own);
            own.decide(CHARGE);
        }
        configuration.setDatabase(0);
        try (RedisRateLimitStore other = store(new LettuceConnectionFactory(configuration))) {
            connect(other);
            assertThat(other.decide(CHARGE).remaining()).isEqualTo(99);
        }
    }

    @Test
    void callersFailSoonWhileAServerHangsAndItIsUsedAgainWithinTwoSecondsOfItsReturn() {
        try (RemoteRateLimitStore withFallback = RemoteRateLimitStore.builder(store, InMemoryRateLimitStore.create())
                .denialCache(false)
                .build()) {
            connect(store);
            assertThat(withFallback.decide(CHARGE).source()).isEqualTo(DecisionSource.STORE);
            long frozen = System.nanoTime();
            redis.command("CLIENT", "PAUSE", "4000", "ALL");
            for (int i = 0; i < 5; i++) {
                assertThat(withFallback.decide(CHARGE).source()).isEqualTo(DecisionSource.LOCAL);
            }
            long[] nanos = new long[1_000];
            for (int i = 0; i < nanos.length; i++) {
                long start = System.nanoTime();
                assertThat(withFallback.decide(CHARGE).source()).isEqualTo(DecisionSource.LOCAL);
                nanos[i] = System.nanoTime() - start;
            }
            Arrays.sort(nanos);
            assertThat(Duration.ofNanos(nanos[nanos.length * 99 / 100])).isLessThan(Duration.ofMillis(5));
            await().atMost(Duration.ofSeconds(10))
                    .until(() -> withFallback.decide(CHARGE).source() == DecisionSource.STORE);
            assertThat(Duration.ofNanos(System.nanoTime() - frozen))
                    .isBetween(Duration.ofMillis(3_500), Duration.ofSeconds(6));
        }
    }

    @Test
    void anInterruptedCallerGetsTheAnswerOfRedisAndKeepsTheFlag() {
        try (RedisRateLimitStore patient =
                        RedisRateLimitStore.create(TestConnections.lettuce(redis), "ratelimit", Duration.ofSeconds(5));
                RemoteRateLimitStore withFallback = RemoteRateLimitStore.builder(
                                patient, InMemoryRateLimitStore.create())
                        .denialCache(false)
                        .build()) {
            connect(patient);
            patient.decide(new Charge(LIMIT, "secret-user", 100_000));
            Thread.currentThread().interrupt();
            Decision decision = withFallback.decide(CHARGE);
            assertThat(Thread.interrupted()).isTrue();
            assertThat(decision.admitted()).isFalse();
            assertThat(decision.source()).isEqualTo(DecisionSource.STORE);
        }
    }

    @Test
    void anInterruptedCallerWaitsNoLongerThanTheDeadlineAndKeepsTheFlag() throws Exception {
        try (TcpProxy proxy = TcpProxy.to(redis.host(), redis.port());
                RedisRateLimitStore remote = store(TestConnections.lettuce(redis.host(), proxy.port()))) {
            connect(remote);
            proxy.dropReplies(true);
            Thread.currentThread().interrupt();
            long start = System.nanoTime();
            assertThatThrownBy(() -> remote.decide(CHARGE))
                    .hasMessage("Redis could not be asked: no answer within 250 ms");
            assertThat(Thread.interrupted()).isTrue();
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isBetween(Duration.ofMillis(200), BUDGET);
        }
    }

    @Test
    void closingLeavesNoThreadWithinTwoSecondsAndAnswersUnavailable() {
        Set<Thread> before = Thread.getAllStackTraces().keySet();
        RedisRateLimitStore one = store(TestConnections.lettuce(redis));
        connect(one);
        one.close();
        one.close();
        RedisRateLimitStore connecting = store(TestConnections.lettuce("10.255.255.1", 6379));
        connecting.decideAsync(List.of(CHARGE), Duration.ZERO);
        connecting.close();
        await().atMost(Duration.ofSeconds(2))
                .untilAsserted(() -> assertThat(Thread.getAllStackTraces().keySet().stream()
                                .filter(thread -> !before.contains(thread))
                                .map(Thread::getName)
                                .collect(Collectors.toSet()))
                        .noneMatch(name -> name.contains("lettuce") || name.contains("ratelimit")));
        assertThatThrownBy(() -> one.decide(CHARGE)).isInstanceOf(StoreUnavailableException.class);
    }

    @Test
    void aServerThatIsNotThereKeepsNoCallerWaitingForAnotherAttempt() {
        try (RedisRateLimitStore nowhere = store(TestConnections.lettuce("10.255.255.1", 6379))) {
            assertUnavailableInTime(nowhere);
            await().atMost(Duration.ofSeconds(3)).until(() -> {
                long start = System.nanoTime();
                assertThatThrownBy(() -> nowhere.decide(CHARGE)).isInstanceOf(StoreUnavailableException.class);
                return System.nanoTime() - start < 50_000_000;
            });
            long start = System.nanoTime();
            for (int i = 0; i < 50; i++) {
                assertThatThrownBy(() -> nowhere.decide(CHARGE)).isInstanceOf(StoreUnavailableException.class);
            }
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(TIMEOUT.multipliedBy(20));
        }
    }

    private void assertUnavailableInTime() {
        assertUnavailableInTime(store);
    }

    private static void assertUnavailableInTime(RedisRateLimitStore asked) {
        long start = System.nanoTime();
        assertThatThrownBy(() -> asked.decide(CHARGE)).isInstanceOf(StoreUnavailableException.class);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(BUDGET);
    }

    private void awaitRecovery() {
        await().atMost(Duration.ofSeconds(2))
                .pollInterval(Duration.ofMillis(50))
                .until(this::isAvailable);
    }

    private static void connect(RedisRateLimitStore store) {
        store.connect().toCompletableFuture().join();
    }

    private boolean isAvailable() {
        try {
            return store.decide(CHARGE).admitted();
        } catch (StoreUnavailableException ex) {
            return false;
        }
    }

    private static RedisRateLimitStore store(LettuceConnectionFactory connections) {
        return RedisRateLimitStore.create(connections, "ratelimit", TIMEOUT);
    }
}
