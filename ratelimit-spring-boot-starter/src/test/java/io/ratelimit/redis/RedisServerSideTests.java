package io.ratelimit.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.Limit;
import io.ratelimit.RateStatus;
import io.ratelimit.StoreUnavailableException;
import io.ratelimit.algorithm.Algorithm;
import io.ratelimit.algorithm.CalendarPeriod;
import io.ratelimit.algorithm.LeaseState;
import io.ratelimit.algorithm.Refill;
import io.ratelimit.test.redis.RedisExtension;
import io.ratelimit.test.redis.RedisServer;
import java.time.Duration;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The effect of the store on a server: commands, keys, scripts, values. */
@ExtendWith(RedisExtension.class)
class RedisServerSideTests {

    private static final Duration PATIENT = Duration.ofSeconds(5);
    private static final Limit LIMIT = Limit.of("slow", "10/h");
    private static final Limit TWO_AT_ONCE =
            Limit.named("two").maxConcurrent(2, Duration.ofMinutes(5)).build();

    private final RedisServer redis;
    private RedisRateLimitStore store;

    RedisServerSideTests(RedisServer redis) {
        this.redis = redis;
    }

    @BeforeEach
    void start() {
        redis.command("FLUSHALL");
        store = RedisRateLimitStore.create(TestConnections.lettuce(redis), "ratelimit", PATIENT);
    }

    @AfterEach
    void close() {
        store.close();
    }

    @Test
    void aDecisionIsOneCommandWhateverTheNumberOfRatesAndLimits() throws Exception {
        Limit three = Limit.of("three", "10/s", "100/1m", "1000/1h");
        Limit two = Limit.named("two")
                .rates("10/s", "100/1m")
                .refill(Refill.INTERVAL)
                .build();
        List<Charge> charges = Charge.merged(
                List.of(new Charge(three, "a", 1000), new Charge(two, "a", 1000), new Charge(LIMIT, "", 1000)));
        store.decide(charges, Duration.ZERO);
        try (Monitor monitor = new Monitor(redis)) {
            for (int i = 0; i < 25; i++) {
                store.decide(charges, Duration.ZERO);
                store.decide(new Charge(three, "b", 1000));
            }
            assertThat(monitor.commands())
                    .hasSize(50)
                    .allSatisfy(line -> assertThat(line).contains("\"EVALSHA\""));
        }
    }

    @Test
    void aReservationOfAllAlgorithmsIsOneCommandAndSoIsItsRefund() throws Exception {
        List<Charge> charges = new ArrayList<>();
        for (Algorithm algorithm : Algorithm.values()) {
            Limit.Builder limit = Limit.named(algorithm.name());
            charges.add(new Charge(
                    algorithm == Algorithm.CONCURRENCY
                            ? limit.maxConcurrent(10, Duration.ofHours(1)).build()
                            : limit.rates("10/1h").algorithm(algorithm).build(),
                    "a",
                    1000));
        }
        charges.add(new Charge(
                Limit.named("days")
                        .rates("10/1d")
                        .algorithm(Algorithm.FIXED_WINDOW)
                        .calendar(CalendarPeriod.DAY, ZoneId.of("Europe/Berlin"))
                        .build(),
                "a",
                1000));
        charges = Charge.merged(charges);
        store.decide(charges, Duration.ZERO);
        try (Monitor monitor = new Monitor(redis)) {
            for (int i = 0; i < 5; i++) {
                Decision reserved = store.decide(charges, Duration.ofHours(30));
                assertThat(reserved.admitted()).isTrue();
                store.refund(reserved, charges).toCompletableFuture().join();
            }
            assertThat(monitor.commands())
                    .hasSize(10)
                    .allSatisfy(line -> assertThat(line).contains("\"EVALSHA\""));
        }
        assertThat(store.decide(charges, Duration.ZERO).statuses())
                .extracting(RateStatus::remaining)
                .allSatisfy(remaining -> assertThat(remaining).isBetween(8.0, 9.0));
    }

    @Test
    void takingQueueingRenewingAndReleasingLeasesIsOneCommandEachHoweverMany() throws Exception {
        List<Charge> charges =
                Charge.merged(List.of(new Charge(TWO_AT_ONCE, "a", 2_000), new Charge(LIMIT, "a", 1_000)));
        store.decide(new Charge(LIMIT, "a", 0));
        try (Monitor monitor = new Monitor(redis)) {
            Decision held = store.decide(charges, PATIENT);
            List<Decision> all = new ArrayList<>(List.of(held));
            for (int i = 0; i < 3; i++) {
                all.add(store.decide(List.of(new Charge(TWO_AT_ONCE, "a", 1_000)), PATIENT));
            }
            all.add(store.decide(List.of(new Charge(TWO_AT_ONCE, "b", 1_000)), PATIENT));
            assertThat(renewed(store, all))
                    .containsExactly(
                            LeaseState.HELD,
                            LeaseState.WAITING,
                            LeaseState.WAITING,
                            LeaseState.WAITING,
                            LeaseState.HELD);
            store.refund(held, held.leases()).toCompletableFuture().join();
            assertThat(monitor.commands())
                    .hasSize(7)
                    .allSatisfy(line -> assertThat(line).contains("\"EVALSHA\""));
            assertThat(renewed(store, all))
                    .containsExactly(
                            LeaseState.LOST, LeaseState.READY, LeaseState.READY, LeaseState.WAITING, LeaseState.HELD);
        }
    }

    private static List<LeaseState> renewed(RedisRateLimitStore store, List<Decision> decisions) {
        return store.renew(decisions).toCompletableFuture().join();
    }

    @Test
    void everyKeyLivesAtLeastUntilItsBucketIsFullAndNotMuchLonger() {
        List<Limit> limits = List.of(
                Limit.of("ms", "1/100ms"),
                Limit.of("second", "10/s"),
                Limit.of("hour", "1000/1h burst 200", "5/1m"),
                Limit.of("years", "1/52w burst 285"),
                Limit.named("portions")
                        .rates("3/10s burst 7")
                        .refill(Refill.INTERVAL)
                        .build());
        for (Limit limit : limits) {
            for (long cost : List.of(1L, limit.capacity())) {
                store.reset(limit, "a");
                Decision decision = store.decide(new Charge(limit, "a", cost));
                long ttl = (long) redis.command("PTTL", "ratelimit:{a}:" + limit.name());
                long full = decision.resetAfter().toMillis();
                if (full > 1_000) {
                    assertThat(ttl)
                            .as(limit.name())
                            .isCloseTo(full, within(900L))
                            .isPositive();
                } else {
                    assertThat(ttl).as(limit.name()).isBetween(-2L, full + 2);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"garbage", "", "\0\0\0\0\0\0\0\0", "~~~~~~~~~~~~~~~~~~~~~~~"})
    void aForeignValueIsReplacedOnce(String value) {
        redis.command("SET", "ratelimit:{a}:slow", value);
        assertThat(store.decide(new Charge(LIMIT, "a", 1000)).remaining()).isEqualTo(9);
        assertThat(store.decide(new Charge(LIMIT, "a", 1000)).remaining()).isBetween(8.0, 8.1);
        assertThat(store.healed()).isEqualTo(1);
    }

    @Test
    void aKeyOfAnotherTypeIsReplacedOnceAlsoByARead() {
        redis.command("LPUSH", "ratelimit:{a}:slow", "x");
        assertThat(store.decide(new Charge(LIMIT, "a", 0)).remaining()).isEqualTo(10);
        assertThat(store.decide(new Charge(LIMIT, "a", 10_000)).admitted()).isTrue();
        assertThat(store.healed()).isEqualTo(1);
    }

    @Test
    void aTruncatedOrOutOfRangeValueIsReplaced() {
        store.decide(new Charge(LIMIT, "a", 1000));
        redis.command("SETRANGE", "ratelimit:{a}:slow", "1", "\0\0\0\0\0\0\0");
        assertThat(store.decide(new Charge(LIMIT, "a", 10_000)).admitted()).isTrue();
        assertThat(store.healed()).isEqualTo(1);
    }

    @Test
    void aFlushOfScriptsHasNoVisibleEffect() {
        store.decide(new Charge(LIMIT, "a", 1000));
        redis.command("SCRIPT", "FLUSH");
        assertThat(store.decide(new Charge(LIMIT, "a", 1000)).remaining()).isBetween(8.0, 8.1);
    }

    @Test
    void aServerWithoutMemoryStillDecidesFromVersionSevenOnAndIsUnavailableBefore() {
        store.decide(new Charge(LIMIT, "a", 1000));
        redis.command("CONFIG", "SET", "maxmemory", "1");
        try {
            if (majorVersion(redis) >= 7) {
                assertThat(store.decide(new Charge(LIMIT, "a", 1000)).remaining())
                        .isBetween(8.0, 8.1);
            } else {
                assertThatThrownBy(() -> store.decide(new Charge(LIMIT, "a", 1000)))
                        .isInstanceOf(StoreUnavailableException.class);
            }
        } finally {
            redis.command("CONFIG", "SET", "maxmemory", "0");
        }
    }

    @Test
    void aServerOlderThanVersionSevenGetsTheScriptWithoutItsFirstLineAndThenOneCommandPerDecision() throws Exception {
        try (RedisServer old = RedisServer.startEmbedded();
                RedisRateLimitStore onOld =
                        RedisRateLimitStore.create(TestConnections.lettuce(old), "ratelimit", PATIENT)) {
            assertThat(onOld.decide(new Charge(LIMIT, "a", 1000)).remaining()).isEqualTo(9);
            try (Monitor monitor = new Monitor(old)) {
                assertThat(onOld.decide(new Charge(LIMIT, "a", 1000)).remaining())
                        .isBetween(8.0, 8.1);
                assertThat(monitor.commands()).hasSize(1);
            }
            old.command("SCRIPT", "FLUSH");
            assertThat(onOld.decide(new Charge(LIMIT, "a", 1000)).remaining()).isBetween(7.0, 7.1);
        }
    }

    @Test
    void aServerOlderThanVersionSevenThatRejectsWritesIsReportedWithItsReason() {
        try (RedisServer old = RedisServer.startEmbedded();
                RedisRateLimitStore onOld =
                        RedisRateLimitStore.create(TestConnections.lettuce(old), "ratelimit", PATIENT)) {
            onOld.decide(new Charge(LIMIT, "a", 1000));
            old.command("CONFIG", "SET", "min-replicas-to-write", "1");
            assertThatThrownBy(() -> onOld.decide(new Charge(LIMIT, "a", 1000)))
                    .hasMessage("Redis could not be asked: it answered NOREPLICAS");
            old.command("CONFIG", "SET", "min-replicas-to-write", "0");
            old.command("CONFIG", "SET", "maxmemory", "1");
            assertThatThrownBy(() -> onOld.decide(new Charge(LIMIT, "a", 1000)))
                    .hasMessage("Redis could not be asked: it answered OOM");
        }
    }

    @Test
    void aServerOlderThanVersionSevenGrantsLeasesAndNotifiesWaitingCalls() {
        try (RedisServer old = RedisServer.startEmbedded();
                RedisRateLimitStore onOld =
                        RedisRateLimitStore.create(TestConnections.lettuce(old), "ratelimit", PATIENT)) {
            List<Long> told = new CopyOnWriteArrayList<>();
            onOld.onLeaseReady(told::add);
            await().until(() ->
                    old.command("PUBSUB", "NUMSUB", "ratelimit:ready").equals(List.of("ratelimit:ready", 1L)));
            Decision held = onOld.decide(new Charge(TWO_AT_ONCE, "a", 2_000));
            Decision queued = onOld.decide(List.of(new Charge(TWO_AT_ONCE, "a", 1_000)), PATIENT);
            assertThat(queued.isQueued()).isTrue();
            onOld.refund(held, held.leases()).toCompletableFuture().join();
            await().untilAsserted(() ->
                    assertThat(told).containsExactly(queued.leases().get(0).lease()));
            assertThat(renewed(onOld, List.of(held, queued))).containsExactly(LeaseState.LOST, LeaseState.READY);
        }
    }

    @Test
    void hostileKeysAreLimitedEachAloneAndAreShortOnTheServer() {
        List<String> hostile = List.of(
                "}",
                "{x}",
                "x",
                "*",
                "\0",
                "\r\n",
                "\ud800",
                "\udfff",
                "a:b",
                "a",
                "~",
                "%002a",
                "y".repeat(1 << 20),
                "y".repeat((1 << 20) + 1));
        List<Charge> all = new ArrayList<>();
        hostile.forEach(key -> all.add(new Charge(LIMIT, key, 10_000)));
        all.add(new Charge(Limit.of("b.c", "10/h"), "a", 10_000));
        all.add(new Charge(LIMIT, Charge.SHARED, 10_000));
        for (Charge charge : all) {
            assertThat(store.decide(charge).admitted()).isTrue();
            assertThat(store.decide(charge).admitted()).isFalse();
        }
        List<?> keys = (List<?>) redis.command("KEYS", "*");
        assertThat(keys)
                .hasSize(all.size())
                .allSatisfy(key -> assertThat(((String) key).length()).isLessThanOrEqualTo(200));
    }

    @Test
    void aKeyHasAtMostTwoHundredBytes() {
        Limit limit = Limit.of("search", "10/s burst 1000000");
        store.decide(new Charge(limit, "user-000000000", 1_000_000));
        long before = usedMemory();
        for (int i = 1; i <= 10_000; i++) {
            store.decide(new Charge(limit, "user-%09d".formatted(i), 1_000_000));
        }
        assertThat(redis.command("DBSIZE")).isEqualTo(10_001L);
        assertThat((usedMemory() - before) / 10_000).isBetween(1L, 200L);
    }

    private long usedMemory() {
        String info = String.valueOf(redis.command("INFO", "memory"));
        return Long.parseLong(info.replaceFirst("(?s).*\\bused_memory:(\\d+).*", "$1"));
    }

    private static int majorVersion(RedisServer server) {
        Matcher version = Pattern.compile("redis_version:(\\d+)").matcher((String) server.command("INFO", "server"));
        assertThat(version.find()).isTrue();
        return Integer.parseInt(version.group(1));
    }
}
