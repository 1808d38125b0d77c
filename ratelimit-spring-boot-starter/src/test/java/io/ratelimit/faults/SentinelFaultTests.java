package io.ratelimit.faults;

import static io.ratelimit.faults.Nodes.SCARCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.ratelimit.Charge;
import io.ratelimit.redis.TestConnections;
import io.ratelimit.remote.RemoteRateLimitStore;
import io.ratelimit.test.redis.RedisSentinels;
import io.ratelimit.test.redis.RedisServer;
import java.time.Duration;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.jedis.JedisConnectionFactory;

/** A master and a replica, watched by three sentinels that miss a master after a second. */
@ExtendWith(FaultReport.class)
class SentinelFaultTests {

    /** Some three seconds, unless sentinels stood still for two: they then do nothing for thirty. */
    private static final Duration DETECTION = Duration.ofSeconds(90);

    private static final Duration RECOVERY = Duration.ofSeconds(3);
    /** Jedis asks a sentinel that it lost again after five seconds. */
    private static final Duration RECOVERY_OF_JEDIS = Duration.ofSeconds(8);

    private static final Charge FEW = new Charge(SCARCE, "key", 1000);

    private final RedisSentinels group = RedisSentinels.start();

    @AfterEach
    void close() {
        group.close();
    }

    @Fault
    void aMasterThatIsKilled(long seed, FaultReport.Row row) {
        failOver(TestConnections.lettuce(group), RECOVERY, seed, row, RedisServer::kill);
    }

    @Fault
    void aMasterThatIsFrozen(long seed, FaultReport.Row row) {
        failOver(TestConnections.lettuce(group), RECOVERY, seed, row, RedisServer::freeze);
    }

    @Fault
    void aMasterThatIsReplacedOnRequest(long seed, FaultReport.Row row) {
        failOver(TestConnections.lettuce(group), RECOVERY, seed, row, master -> group.failOver());
    }

    @Fault
    void aMasterOfJedisThatIsKilled(long seed, FaultReport.Row row) {
        failOverOfJedis(seed, row, RedisServer::kill);
    }

    @Fault
    void aMasterOfJedisThatIsFrozen(long seed, FaultReport.Row row) {
        failOverOfJedis(seed, row, RedisServer::freeze);
    }

    private void failOverOfJedis(long seed, FaultReport.Row row, Consumer<RedisServer> fault) {
        JedisConnectionFactory jedis = TestConnections.jedis(group);
        try {
            failOver(jedis, RECOVERY_OF_JEDIS, seed, row, fault);
        } finally {
            jedis.destroy();
        }
    }

    private void failOver(
            RedisConnectionFactory connections,
            Duration recovery,
            long seed,
            FaultReport.Row row,
            Consumer<RedisServer> fault) {
        try (RemoteRateLimitStore store = Nodes.node(connections);
                Callers callers = Callers.start(store, FEW)) {
            callers.goOnUntilAnswered();
            callers.goOnFor(Duration.ofMillis(new Random(seed).nextInt(500)));
            RedisServer master = group.master();
            long broken = System.nanoTime();
            fault.accept(master);
            await().atMost(DETECTION).until(() -> group.master() != master);
            long detected = System.nanoTime();
            callers.goOnFor(recovery.plusSeconds(2));
            callers.stop();
            row.millis("detected after", detected - broken);
            new Figures(row, callers, broken, detected).recoveredWithin(recovery, call -> true);
            double extra = callers.log(FEW).excess(SCARCE.rates().get(0));
            row.add("extra", extra);
            assertThat(extra).isLessThanOrEqualTo(50);
        }
    }
}
