package io.ratelimit.faults;

import static io.ratelimit.faults.Nodes.COUNTED;
import static io.ratelimit.faults.Nodes.SCARCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.ratelimit.Charge;
import io.ratelimit.DecisionSource;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.actuate.TestHealthIndicators;
import io.ratelimit.redis.TestConnections;
import io.ratelimit.remote.RemoteRateLimitStore;
import io.ratelimit.test.redis.RedisCluster;
import io.ratelimit.test.redis.RedisServer;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;

/** Three masters, each with a replica, that miss each other after two seconds. */
@ExtendWith(FaultReport.class)
class ClusterFaultTests {

    private static final Duration RECOVERY = Duration.ofSeconds(3);
    private static final Charge[] FEW = IntStream.range(0, 9)
            .mapToObj(number -> new Charge(SCARCE, "key-" + number, 1000))
            .toArray(Charge[]::new);

    private final RedisCluster cluster = RedisCluster.startWithReplicas();

    /** By default a cluster that misses some slots answers for none; then every call is the policy's. */
    @BeforeEach
    void answerForTheOtherSlots() {
        cluster.nodes().forEach(node -> node.command("CONFIG", "SET", "cluster-require-full-coverage", "no"));
    }

    @AfterEach
    void close() {
        cluster.close();
    }

    @Fault
    void aMasterThatIsKilled(long seed, FaultReport.Row row) {
        failOver(seed, row, RedisServer::kill);
    }

    @Fault
    void aMasterThatIsFrozen(long seed, FaultReport.Row row) {
        failOver(seed, row, RedisServer::freeze);
    }

    @Fault
    void slotsThatMoveFromNodeToNode(long seed, FaultReport.Row row) {
        Charge[] counted = IntStream.range(0, 4)
                .mapToObj(number -> new Charge(COUNTED, "moving-" + number, 1000))
                .toArray(Charge[]::new);
        Charge[] all = Stream.of(counted, FEW).flatMap(Stream::of).toArray(Charge[]::new);
        try (RemoteRateLimitStore store = Nodes.node(TestConnections.lettuce(cluster));
                Callers callers = Callers.start(store, all)) {
            callers.goOnUntilAnswered();
            long begun = System.nanoTime();
            Random random = new Random(seed);
            int moved = 0;
            for (Charge charge : FEW) {
                move(Nodes.redisKey(charge), random);
                moved++;
            }
            for (Charge charge : counted) {
                move(Nodes.redisKey(charge), random);
                moved++;
            }
            callers.goOnFor(Duration.ofSeconds(1));
            callers.stop();
            row.add("slots moved", moved);
            long errors = callers.begunIn(begun, Long.MAX_VALUE).stream()
                    .filter(call -> call.source() != DecisionSource.STORE)
                    .count();
            row.add("errors", errors);
            assertThat(errors).isZero();
            for (Charge charge : counted) {
                assertThat(Nodes.counted(store, charge.key()))
                        .isEqualTo(callers.taken(call -> call.charge() == charge));
            }
            double extra =
                    Stream.of(FEW).mapToDouble(few -> extra(callers, few)).max().orElseThrow();
            row.add("extra", extra);
            assertThat(extra).isZero();
        }
    }

    private void failOver(long seed, FaultReport.Row row, Consumer<RedisServer> fault) {
        try (RemoteRateLimitStore store = Nodes.node(TestConnections.lettuce(cluster));
                Callers callers = Callers.start(store, FEW)) {
            callers.goOnUntilAnswered();
            callers.goOnFor(Duration.ofMillis(new Random(seed).nextInt(500)));
            String victimKey = Nodes.redisKey(FEW[new Random(seed).nextInt(FEW.length)]);
            RedisServer victim = cluster.masterOf(victimKey);
            long broken = System.nanoTime();
            var concerned = Stream.of(FEW)
                    .filter(charge -> cluster.masterOf(Nodes.redisKey(charge)) == victim)
                    .toList();
            fault.accept(victim);
            HealthIndicator health = TestHealthIndicators.of(new RateLimiterRegistry(store, List.of()));
            await().until(() -> health.health().getStatus() == Status.UNKNOWN);
            await().atMost(Duration.ofSeconds(30)).until(() -> cluster.masterOf(victimKey) != victim);
            long detected = System.nanoTime();
            callers.goOnFor(RECOVERY.plusSeconds(2));
            assertThat(health.health().getStatus()).isEqualTo(Status.UP);
            callers.stop();
            row.millis("detected after", detected - broken);
            new Figures(row, callers, broken, detected)
                    .recoveredWithin(RECOVERY, call -> concerned.contains(call.charge()))
                    .untouched(call -> !concerned.contains(call.charge()));
            double extra =
                    Stream.of(FEW).mapToDouble(few -> extra(callers, few)).max().orElseThrow();
            row.add("extra", extra);
            assertThat(extra).isLessThanOrEqualTo(50);
        }
    }

    private static double extra(Callers callers, Charge charge) {
        return callers.log(charge).excess(SCARCE.rates().get(0));
    }

    /** Moves the slot of a key, as an operator's tool does, while callers ask for it. */
    private void move(String key, Random random) {
        RedisServer source = cluster.masterOf(key);
        RedisServer target = cluster.masters().stream()
                .filter(node -> node != source)
                .skip(random.nextInt(2))
                .findFirst()
                .orElseThrow();
        String slot = String.valueOf(source.command("CLUSTER", "KEYSLOT", key));
        String sourceId = String.valueOf(source.command("CLUSTER", "MYID"));
        String targetId = String.valueOf(target.command("CLUSTER", "MYID"));
        target.command("CLUSTER", "SETSLOT", slot, "IMPORTING", sourceId);
        source.command("CLUSTER", "SETSLOT", slot, "MIGRATING", targetId);
        source.command("MIGRATE", target.host(), String.valueOf(target.port()), key, "0", "5000");
        target.command("CLUSTER", "SETSLOT", slot, "NODE", targetId);
        source.command("CLUSTER", "SETSLOT", slot, "NODE", targetId);
    }
}
