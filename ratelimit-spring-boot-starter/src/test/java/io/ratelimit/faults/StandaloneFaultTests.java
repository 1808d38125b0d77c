package io.ratelimit.faults;

import static io.ratelimit.faults.Nodes.COUNTED;
import static io.ratelimit.faults.Nodes.SCARCE;
import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.Charge;
import io.ratelimit.DecisionSource;
import io.ratelimit.redis.TestConnections;
import io.ratelimit.remote.RemoteRateLimitStore;
import io.ratelimit.test.redis.RedisServer;
import io.ratelimit.test.redis.TcpProxy;
import java.time.Duration;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.data.redis.connection.jedis.JedisConnectionFactory;

/** One server, reached through a proxy. */
@ExtendWith(FaultReport.class)
class StandaloneFaultTests {

    private static final Duration OUTAGE = Duration.ofSeconds(3);
    private static final Duration RECOVERY = Duration.ofSeconds(2);
    private static final String FILL =
            "for i = 1, 1000 do redis.call('SET', 'other:' .. math.random(100000), string.rep('x', 500)) end";
    private static final Charge COUNT = new Charge(COUNTED, "key", 1000);
    private static final Charge FEW = new Charge(SCARCE, "key", 1000);

    private final RedisServer redis = RedisServer.start();
    private final TcpProxy proxy = TcpProxy.to(redis.host(), redis.port());
    private RemoteRateLimitStore store;

    @BeforeEach
    void start() {
        store = Nodes.node(TestConnections.lettuce(proxy.host(), proxy.port()));
    }

    @AfterEach
    void close() {
        store.close();
        proxy.close();
        redis.close();
    }

    @Fault
    void aServerThatIsAbsentAtTheStart(long seed, FaultReport.Row row) {
        redis.kill();
        long broken = System.nanoTime();
        try (Callers callers = Callers.start(store, COUNT, FEW)) {
            callers.goOnFor(OUTAGE);
            long mended = System.nanoTime();
            redis.restart();
            callers.goOnFor(OUTAGE);
            new Figures(row, callers, broken, mended)
                    .answeredInTime(call -> true)
                    .recoveredWithin(RECOVERY, call -> true);
        }
    }

    @Fault
    void aServerThatIsKilledAndRestarted(long seed, FaultReport.Row row) {
        Callers callers = outage(seed, row, RedisServer::kill, RedisServer::restart);
        row.add("extra", callers.log(FEW).excess(SCARCE.rates().get(0)));
        assertThat(callers.log(FEW).excess(SCARCE.rates().get(0))).isLessThanOrEqualTo(50);
    }

    @Fault
    void aServerThatIsFrozen(long seed, FaultReport.Row row) {
        Callers callers = outage(seed, row, RedisServer::freeze, RedisServer::thaw);
        lateExecutions(row, callers);
        assertNoneExtra(row, callers);
    }

    @Fault
    void aNetworkThatSwallowsEverything(long seed, FaultReport.Row row) {
        Callers callers = outage(seed, row, server -> proxy.blackHole(true), server -> proxy.blackHole(false));
        lateExecutions(row, callers);
        assertNoneExtra(row, callers);
    }

    @Fault
    void aNetworkThatLosesReplies(long seed, FaultReport.Row row) {
        Callers callers = outage(seed, row, server -> proxy.dropReplies(true), server -> proxy.dropReplies(false));
        lateExecutions(row, callers);
        assertNoneExtra(row, callers);
    }

    @Fault
    void aNetworkSlowerThanTheDeadline(long seed, FaultReport.Row row) {
        Callers callers =
                outage(seed, row, server -> proxy.delay(Duration.ofMillis(600)), server -> proxy.delay(Duration.ZERO));
        lateExecutions(row, callers);
        assertNoneExtra(row, callers);
    }

    @Fault
    void connectionsThatAreResetAgainAndAgain(long seed, FaultReport.Row row) {
        Random random = new Random(seed);
        try (Callers callers = Callers.start(store, COUNT, FEW)) {
            callers.goOnUntilAnswered();
            callers.goOnFor(Duration.ofMillis(500));
            long broken = System.nanoTime();
            for (int i = 0; i < 30; i++) {
                proxy.reset();
                callers.goOnFor(Duration.ofMillis(random.nextInt(150)));
            }
            Figures figures = new Figures(row, callers, broken, System.nanoTime());
            callers.goOnFor(OUTAGE);
            callers.stop();
            figures.recoveredWithin(RECOVERY, call -> true);
            lateExecutions(row, callers, call -> true);
            assertNoneExtra(row, callers);
        }
    }

    @Fault
    void aScriptCacheThatIsFlushedAgainAndAgain(long seed, FaultReport.Row row) {
        try (Callers callers = Callers.start(store, COUNT, FEW)) {
            callers.goOnUntilAnswered();
            long begun = System.nanoTime();
            for (int i = 0; i < 100; i++) {
                redis.command("SCRIPT", "FLUSH");
                callers.goOnFor(Duration.ofMillis(10));
            }
            assertThat(callers.begunIn(begun, Long.MAX_VALUE))
                    .hasSizeGreaterThan(100)
                    .allMatch(call -> call.source() == DecisionSource.STORE);
            callers.stop();
            row.add("lost or doubled", Nodes.counted(store, "key") - callers.taken(call -> call.charge() == COUNT));
            assertThat(Nodes.counted(store, "key")).isEqualTo(callers.taken(call -> call.charge() == COUNT));
        }
    }

    @Fault
    void dataThatIsFlushedAgainAndAgain(long seed, FaultReport.Row row) {
        asEver(row, () -> redis.command("FLUSHALL"), 20);
    }

    @Fault
    void keysThatAreEvicted(long seed, FaultReport.Row row) {
        redis.command("CONFIG", "SET", "maxmemory-policy", "allkeys-random");
        redis.command("CONFIG", "SET", "maxmemory", "3mb");
        asEver(row, () -> redis.command("EVAL", FILL, "0"), 20);
        long evicted = Long.parseLong(
                String.valueOf(redis.command("INFO", "stats")).replaceFirst("(?s).*evicted_keys:(\\d+).*", "$1"));
        row.add("evicted", evicted);
        assertThat(evicted).isGreaterThan(1_000);
    }

    /** The store answers all calls, and admits at most one capacity more each time that something happens. */
    private void asEver(FaultReport.Row row, Runnable event, int times) {
        try (Callers callers = Callers.start(store, COUNT, FEW)) {
            callers.goOnUntilAnswered();
            long begun = System.nanoTime();
            for (int i = 0; i < times; i++) {
                event.run();
                callers.goOnFor(Duration.ofMillis(100));
            }
            callers.stop();
            assertThat(callers.begunIn(begun, Long.MAX_VALUE))
                    .hasSizeGreaterThan(100)
                    .allMatch(call -> call.source() == DecisionSource.STORE);
            double extra = callers.log(FEW).excess(SCARCE.rates().get(0));
            row.add("extra", extra).add("of", times * 50);
            assertThat(extra).isLessThanOrEqualTo(times * 50 + 1);
        }
    }

    @Fault
    void aMasterThatIsDemotedAndKeepsItsConnections(long seed, FaultReport.Row row) {
        demotion(row);
    }

    @Fault
    void aMasterOfJedisThatIsDemotedAndKeepsItsConnections(long seed, FaultReport.Row row) {
        withJedis(() -> demotion(row));
    }

    private void demotion(FaultReport.Row row) {
        try (RedisServer other = RedisServer.start();
                Callers callers = Callers.start(store, COUNT)) {
            callers.goOnUntilAnswered();
            callers.goOnFor(Duration.ofMillis(500));
            long broken = System.nanoTime();
            proxy.retarget(other.host(), other.port());
            redis.command("REPLICAOF", other.host(), String.valueOf(other.port()));
            callers.goOnFor(OUTAGE);
            callers.stop();
            new Figures(row, callers, broken, broken).recoveredWithin(RECOVERY, call -> true);
            long rejected = callers.where(call -> call.start() > broken && call.source() != DecisionSource.STORE)
                    .size();
            row.add("calls by policy", rejected);
            long readonly = errors("READONLY");
            row.add("READONLY errors", readonly);
            assertThat(readonly).isBetween(1L, 5L);
        }
    }

    @Fault
    void aServerOfJedisThatIsKilledAndRestarted(long seed, FaultReport.Row row) {
        withJedis(() -> outage(seed, row, RedisServer::kill, RedisServer::restart));
    }

    @Fault
    void aServerOfJedisThatIsFrozen(long seed, FaultReport.Row row) {
        withJedis(() -> outage(seed, row, RedisServer::freeze, RedisServer::thaw));
    }

    @Fault
    void aNetworkOfJedisThatSwallowsEverything(long seed, FaultReport.Row row) {
        withJedis(() -> outage(seed, row, server -> proxy.blackHole(true), server -> proxy.blackHole(false)));
    }

    /** Causes and ends a fault while callers call continuously. */
    private Callers outage(long seed, FaultReport.Row row, Consumer<RedisServer> fault, Consumer<RedisServer> cure) {
        try (Callers callers = Callers.start(store, COUNT, FEW)) {
            callers.goOnUntilAnswered();
            callers.goOnFor(Duration.ofMillis(300 + new Random(seed).nextInt(400)));
            long broken = System.nanoTime();
            fault.accept(redis);
            callers.goOnFor(Duration.ofSeconds(1));
            long threads = ownThreads();
            callers.goOnFor(OUTAGE.minusSeconds(1));
            assertThat(ownThreads()).as("threads").isLessThanOrEqualTo(threads + 1);
            long mended = System.nanoTime();
            cure.accept(redis);
            callers.goOnFor(OUTAGE);
            callers.stop();
            new Figures(row, callers, broken, mended)
                    .answeredInTime(call -> true)
                    .recoveredWithin(RECOVERY, call -> true);
            return callers;
        }
    }

    private void withJedis(Runnable outage) {
        JedisConnectionFactory jedis = TestConnections.jedis(proxy.host(), proxy.port());
        store.close();
        store = Nodes.node(jedis);
        try {
            outage.run();
        } finally {
            jedis.destroy();
        }
    }

    private static long ownThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().contains("ratelimit"))
                .count();
    }

    /** The calls that the server executed without an answer to the caller: at most those that waited in vain. */
    private void lateExecutions(FaultReport.Row row, Callers callers) {
        lateExecutions(
                row, callers, call -> call.nanos() > Duration.ofMillis(100).toNanos());
    }

    private void lateExecutions(FaultReport.Row row, Callers callers, Predicate<Callers.Call> asked) {
        long unheard = (Nodes.counted(store, "key") - callers.taken(call -> call.charge() == COUNT)) / 1000;
        long unanswered = callers.where(
                        call -> call.charge() == COUNT && call.source() != DecisionSource.STORE && asked.test(call))
                .size();
        row.add("executed unheard", unheard).add("of", unanswered);
        assertThat(unheard).isBetween(0L, unanswered);
    }

    private static void assertNoneExtra(FaultReport.Row row, Callers callers) {
        double extra = callers.log(FEW).excess(SCARCE.rates().get(0));
        row.add("extra", extra);
        assertThat(extra).isZero();
    }

    /** How many errors of this kind the demoted server has answered. */
    private long errors(String kind) {
        String stats = String.valueOf(redis.command("INFO", "errorstats"));
        int at = stats.indexOf("errorstat_" + kind + ":count=");
        return at < 0 ? 0 : Long.parseLong(stats.substring(at).replaceFirst("(?s)[^=]*=(\\d+).*", "$1"));
    }
}
