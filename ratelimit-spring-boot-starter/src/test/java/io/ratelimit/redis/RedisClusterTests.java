package io.ratelimit.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.Limit;
import io.ratelimit.RateStatus;
import io.ratelimit.algorithm.Algorithm;
import io.ratelimit.algorithm.LeaseState;
import io.ratelimit.test.redis.RedisCluster;
import io.ratelimit.test.redis.RedisExtension;
import io.ratelimit.test.redis.RedisServer;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.jedis.JedisConnectionFactory;

@ExtendWith(RedisExtension.class)
@Tag("server")
class RedisClusterTests {

    private static final Duration PATIENT = Duration.ofSeconds(5);
    private static final Limit USER = Limit.of("quote-user", "5/h");
    private static final Limit ALL = Limit.of("quote-all", "7/h");
    private static final Limit LOG = Limit.named("quote-log")
            .rates("5/h")
            .algorithm(Algorithm.SLIDING_WINDOW)
            .build();

    private final RedisCluster cluster;
    private RedisRateLimitStore store;

    RedisClusterTests(RedisCluster cluster) {
        this.cluster = cluster;
    }

    @BeforeEach
    void start() {
        cluster.nodes().forEach(node -> node.command("FLUSHALL"));
        store = RedisRateLimitStore.create(TestConnections.lettuce(cluster), "ratelimit", PATIENT);
    }

    @AfterEach
    void close() {
        store.close();
    }

    @Test
    void keysOfAllSlotsAreDecidedOnAllNodes() {
        for (int i = 0; i < 60; i++) {
            assertThat(store.decide(new Charge(USER, "user-" + i, 5000)).admitted())
                    .isTrue();
            assertThat(store.decide(new Charge(USER, "user-" + i, 5000)).admitted())
                    .isFalse();
        }
        assertThat(cluster.nodes())
                .allSatisfy(node -> assertThat((long) node.command("DBSIZE")).isPositive());
    }

    @Test
    void everyNodeHasLoadedTheScriptWhenTheWarmUpEnds() {
        cluster.nodes().forEach(node -> node.command("SCRIPT", "FLUSH"));
        store.warmUp(Duration.ofSeconds(30));
        store.awaitWarmUp();
        cluster.nodes().forEach(node -> node.command("CONFIG", "RESETSTAT"));
        for (int i = 0; i < 60; i++) {
            store.decide(new Charge(USER, "user-" + i, 1000));
        }
        assertThat(cluster.nodes())
                .allSatisfy(node -> assertThat(String.valueOf(node.command("INFO", "commandstats")))
                        .contains("cmdstat_evalsha:")
                        .doesNotContain("cmdstat_eval:"));
    }

    @Test
    void allLimitsOfOneSubjectAreOneCommand() throws Exception {
        List<Charge> charges = List.of(new Charge(ALL, "a", 1000), new Charge(USER, "a", 1000));
        store.decide(charges, Duration.ZERO);
        int commands = 0;
        try (Monitor first = new Monitor(cluster.nodes().get(0));
                Monitor second = new Monitor(cluster.nodes().get(1));
                Monitor third = new Monitor(cluster.nodes().get(2))) {
            store.decide(charges, Duration.ZERO);
            for (Monitor monitor : List.of(first, second, third)) {
                commands += (int) monitor.commands().stream()
                        .filter(line -> line.contains("EVAL"))
                        .count();
            }
        }
        assertThat(commands).isEqualTo(1);
    }

    @Test
    void leasesOfSeveralSlotsAreAcquiredRenewedAndReleasedButNotWaitedFor() {
        Limit mine = Limit.named("mine").maxConcurrent(1, Duration.ofMinutes(5)).build();
        Limit all = Limit.named("all").maxConcurrent(1, Duration.ofMinutes(5)).build();
        Decision both = store.decide(
                Charge.merged(List.of(new Charge(mine, "a", 1_000), new Charge(all, Charge.SHARED, 1_000))), PATIENT);
        assertThat(both.admitted()).isTrue();
        Decision rejected = store.decide(
                Charge.merged(List.of(new Charge(mine, "b", 1_000), new Charge(all, Charge.SHARED, 1_000))), PATIENT);
        assertThat(rejected.admitted()).isFalse();
        assertThat(rejected.isQueued()).isFalse();
        assertThat(store.refunded()).isEqualTo(1);
        Decision free = store.decide(List.of(new Charge(mine, "b", 1_000)), PATIENT);
        assertThat(free.admitted())
                .as("tokens of the slot that admitted are refunded")
                .isTrue();
        Decision queued = store.decide(List.of(new Charge(mine, "a", 1_000)), PATIENT);
        assertThat(queued.isQueued()).isTrue();
        assertThat(store.renew(List.of(queued, rejected, both, free))
                        .toCompletableFuture()
                        .join())
                .containsExactly(LeaseState.WAITING, LeaseState.LOST, LeaseState.HELD, LeaseState.HELD);
        store.reset(all, Charge.SHARED);
        assertThat(store.renew(List.of(free, both)).toCompletableFuture().join())
                .as("the worst of a decision's states")
                .containsExactly(LeaseState.HELD, LeaseState.LOST);
    }

    @Test
    void leasesOfASlotThatDoesNotAnswerAreUnknownAndTheOthersRenewed() {
        Limit limit =
                Limit.named("paused").maxConcurrent(1, Duration.ofMinutes(1)).build();
        List<Decision> held = IntStream.range(0, 30)
                .mapToObj(number -> store.decide(new Charge(limit, "key-" + number, 1000)))
                .toList();
        RedisServer node = cluster.nodes().get(0);
        node.command("CLIENT", "PAUSE", "60000", "WRITE");
        try {
            assertThat(store.renew(held).toCompletableFuture().join())
                    .contains(LeaseState.HELD, LeaseState.UNKNOWN)
                    .doesNotContain(LeaseState.LOST);
        } finally {
            node.command("CLIENT", "UNPAUSE");
        }
        assertThat(store.renew(held).toCompletableFuture().join()).containsOnly(LeaseState.HELD);
    }

    @Test
    void waitingCallsAreNotifiedByEveryNode() {
        Limit one = Limit.named("one").maxConcurrent(1, Duration.ofMinutes(5)).build();
        List<Long> told = new CopyOnWriteArrayList<>();
        store.onLeaseReady(told::add);
        await().until(() -> cluster.nodes().stream()
                .anyMatch(node ->
                        node.command("PUBSUB", "NUMSUB", "ratelimit:ready").equals(List.of("ratelimit:ready", 1L))));
        List<Long> queued = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            Decision held = store.decide(new Charge(one, "user-" + i, 1_000));
            Decision next = store.decide(List.of(new Charge(one, "user-" + i, 1_000)), PATIENT);
            queued.add(next.leases().get(0).lease());
            store.refund(held, held.leases()).toCompletableFuture().join();
        }
        await().untilAsserted(() -> assertThat(told).containsExactlyInAnyOrderElementsOf(queued));
    }

    @Test
    void aDecisionOverSeveralSlotsTakesFromAll() {
        List<Charge> charges = List.of(new Charge(ALL, "", 2000), new Charge(USER, "a", 1000));
        Decision decision = store.decide(charges, Duration.ZERO);
        assertThat(decision.admitted()).isTrue();
        assertThat(decision.charges()).isEqualTo(charges);
        assertThat(decision.statuses()).extracting("remaining").containsExactly(5.0, 4.0);
        assertThat(store.refunded()).isZero();
    }

    @Test
    void aRejectionByTheSharedBucketRefundsTheBucketOfTheSubject() {
        store.decide(new Charge(ALL, "", 7000));
        Decision rejected =
                store.decide(List.of(new Charge(ALL, "", 1000), new Charge(USER, "a", 1000)), Duration.ZERO);
        assertThat(rejected.admitted()).isFalse();
        assertThat(rejected.admits(0)).isFalse();
        assertThat(rejected.admits(1)).isTrue();
        assertThat(rejected.rejectedBy().orElseThrow().limit()).isEqualTo(ALL);
        assertThat(store.refunded()).isEqualTo(1);
        assertThat(store.decide(new Charge(USER, "a", 0)).remaining()).isEqualTo(5);
    }

    @Test
    void aRejectionOfTheSubjectOnlyReadsTheSharedBucket() {
        store.decide(new Charge(USER, "a", 5000));
        Decision rejected = store.decideAsync(
                        List.of(new Charge(ALL, "", 1000), new Charge(USER, "a", 1000)), Duration.ZERO)
                .toCompletableFuture()
                .join();
        assertThat(rejected.statuses()).extracting(RateStatus::remaining).containsExactly(7.0, 0.0);
        assertThat(rejected.statuses()).extracting(RateStatus::admitted).containsExactly(true, false);
        assertThat(store.refunded()).isZero();
        assertThat(store.decide(new Charge(ALL, "", 0)).remaining()).isEqualTo(7);
    }

    @Test
    void aRefundReachesSeveralSlots() {
        store.decide(new Charge(ALL, "", 7000));
        Stream<Charge> users = Stream.of("a", "b", "c", "d").map(key -> new Charge(USER, key, 2000));
        List<Charge> charges = Charge.merged(
                Stream.concat(users, Stream.of(new Charge(ALL, "", 1))).toList());
        assertThat(store.decide(charges, Duration.ZERO).admitted()).isFalse();
        assertThat(store.refunded()).isEqualTo(4);
        for (String key : List.of("a", "b", "c", "d")) {
            assertThat(store.decide(new Charge(USER, key, 5000)).admitted()).isTrue();
        }
    }

    @Test
    void aCallOverSeveralSlotsReservesNothingAndOneOverASingleSlotDoes() {
        store.decide(new Charge(ALL, "", 7000));
        store.decide(new Charge(ALL, "a", 7000));
        Duration wait = Duration.ofHours(1);
        Decision spread = store.decide(List.of(new Charge(ALL, "", 1000), new Charge(USER, "a", 1000)), wait);
        assertThat(spread.admitted()).isFalse();
        assertThat(spread.admits(0)).isFalse();
        assertThat(spread.retryAfter().orElseThrow()).isLessThan(wait);
        Decision one = store.decide(List.of(new Charge(ALL, "a", 1000), new Charge(USER, "a", 1000)), wait);
        assertThat(one.admitted()).isTrue();
        assertThat(one.waitTime()).isPositive();
    }

    @Test
    void aDecisionIsRefundedInAllItsSlots() {
        List<Charge> charges = List.of(
                new Charge(ALL, "", 7000),
                new Charge(LOG, "", 5000),
                new Charge(LOG, "a", 5000),
                new Charge(USER, "a", 5000));
        Decision taken = store.decide(charges, Duration.ZERO);
        assertThat(taken.admitted()).isTrue();
        store.refund(taken, charges).toCompletableFuture().join();
        assertThat(cluster.nodes())
                .allSatisfy(node -> assertThat(node.command("DBSIZE")).isEqualTo(0L));
    }

    @Test
    void aSlotThatIsBeingMovedIsAskedAgain() throws Exception {
        List<Charge> charges = List.of(new Charge(ALL, "moving", 1000), new Charge(USER, "moving", 1000));
        store.decide(new Charge(USER, "moving", 1000));
        RedisServer owner = owner("ratelimit:{moving}:quote-user");
        RedisServer target = cluster.nodes().stream()
                .filter(node -> node != owner)
                .findFirst()
                .orElseThrow();
        String slot = String.valueOf(owner.command("CLUSTER", "KEYSLOT", "{moving}"));
        String ownerId = (String) owner.command("CLUSTER", "MYID");
        String targetId = (String) target.command("CLUSTER", "MYID");
        target.command("CLUSTER", "SETSLOT", slot, "IMPORTING", ownerId);
        owner.command("CLUSTER", "SETSLOT", slot, "MIGRATING", targetId);
        try {
            var decision = store.decideAsync(charges, Duration.ZERO).toCompletableFuture();
            Thread.sleep(100);
            assertThat(decision).isNotDone();
            owner.command(
                    "MIGRATE",
                    target.host(),
                    String.valueOf(target.port()),
                    "ratelimit:{moving}:quote-user",
                    "0",
                    "5000");
            cluster.nodes().forEach(node -> node.command("CLUSTER", "SETSLOT", slot, "NODE", targetId));
            assertThat(decision.join().admitted()).isTrue();
            assertThat(store.decide(new Charge(USER, "moving", 0)).remaining()).isBetween(3.0, 3.1);
        } finally {
            cluster.nodes().forEach(node -> node.command("CLUSTER", "SETSLOT", slot, "NODE", targetId));
        }
    }

    @Test
    void aClusterOfJedisIsServedToo() {
        JedisConnectionFactory jedis = TestConnections.jedis(cluster);
        try (RedisRateLimitStore blocking = RedisRateLimitStore.create(jedis, "ratelimit", PATIENT)) {
            store.decide(new Charge(ALL, "", 7000));
            assertThat(blocking.decide(List.of(new Charge(ALL, "", 1000), new Charge(USER, "a", 1000)), Duration.ZERO)
                            .admitted())
                    .isFalse();
            assertThat(blocking.refunded()).isEqualTo(1);
            assertThat(blocking.decide(new Charge(USER, "a", 5000)).admitted()).isTrue();
        } finally {
            jedis.destroy();
        }
    }

    @Test
    void aClusterBehindAFactoryThatIsDecoratedIsServedToo() {
        JedisConnectionFactory jedis = TestConnections.jedis(cluster);
        RedisConnectionFactory decorated = (RedisConnectionFactory) Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {RedisConnectionFactory.class},
                (proxy, method, arguments) -> method.invoke(jedis, arguments));
        try (RedisRateLimitStore blocking = RedisRateLimitStore.create(decorated, "ratelimit", PATIENT)) {
            List<CompletableFuture<Decision>> asked = IntStream.range(0, 300)
                    .mapToObj(i -> blocking.decideAsync(List.of(new Charge(USER, "user-" + i, 5000)), Duration.ZERO)
                            .toCompletableFuture())
                    .toList();
            assertThat(asked)
                    .allSatisfy(
                            decision -> assertThat(decision.join().admitted()).isTrue());
            List<Charge> ofTwoSlots = List.of(new Charge(ALL, "", 1000), new Charge(USER, "a", 1000));
            assertThat(blocking.decide(ofTwoSlots, Duration.ZERO).admitted()).isTrue();
        } finally {
            jedis.destroy();
        }
    }

    private RedisServer owner(String key) {
        return cluster.nodes().stream()
                .filter(node -> !((List<?>) node.command("KEYS", "*")).isEmpty())
                .filter(node -> ((List<?>) node.command("KEYS", "*")).contains(key))
                .findFirst()
                .orElseThrow();
    }
}
