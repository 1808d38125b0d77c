package io.ratelimit.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.Limit;
import io.ratelimit.algorithm.Algorithm;
import io.ratelimit.algorithm.CalendarPeriod;
import io.ratelimit.algorithm.LeaseState;
import io.ratelimit.algorithm.Observations;
import io.ratelimit.algorithm.Rate;
import io.ratelimit.algorithm.Refill;
import io.ratelimit.test.redis.RedisExtension;
import io.ratelimit.test.redis.RedisServer;
import java.time.Duration;
import java.time.ZoneId;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The stored values of each algorithm: their lifetime, their size, and values that are rejected. */
@ExtendWith(RedisExtension.class)
class RedisValueTests {

    private static final ZoneId BERLIN = ZoneId.of("Europe/Berlin");
    private static final String KEY = "ratelimit:{a}:limit";

    private final RedisServer redis;
    private RedisRateLimitStore store;

    RedisValueTests(RedisServer redis) {
        this.redis = redis;
    }

    @BeforeEach
    void start() {
        redis.command("FLUSHALL");
        store = RedisRateLimitStore.create(TestConnections.lettuce(redis), "ratelimit", Duration.ofSeconds(5));
    }

    @AfterEach
    void close() {
        store.close();
    }

    @ParameterizedTest
    @EnumSource(Algorithm.class)
    void aKeyExpiresOnceAllTokensAreRefilledIncludingReservedOnes(Algorithm algorithm) {
        for (String rate : List.of("10/20s", "10/1h")) {
            Limit limit = limit(algorithm, rate);
            store.reset(limit, "a");
            assertLifetime(store.decide(new Charge(limit, "a", 1_000)));
            assertLifetime(store.decide(new Charge(limit, "a", 9_000)));
            if (limit.canWait() && !limit.isLeased()) {
                assertLifetime(store.decide(List.of(new Charge(limit, "a", 7_000)), Duration.ofHours(3)));
            }
        }
    }

    @Test
    void aKeyOfACalendarLivesUntilItsWindowEnds() {
        for (CalendarPeriod calendar : CalendarPeriod.values()) {
            assertLifetime(store.decide(new Charge(calendar(calendar), "a", 1_000)));
            store.reset(calendar(calendar), "a");
        }
    }

    @ParameterizedTest
    @EnumSource(Algorithm.class)
    void aFullRefundDeletesTheKey(Algorithm algorithm) {
        Limit limit = limit(algorithm, "10/1h");
        Charge charge = new Charge(limit, "a", 4_000);
        Decision taken = store.decide(charge);
        giveBack(taken, new Charge(limit, "a", 1_000, charge.lease()));
        assertThat(store.decide(new Charge(limit, "a", 0)).remaining()).isBetween(7.0, 7.1);
        giveBack(taken, new Charge(limit, "a", 3_000, charge.lease()));
        assertThat(redis.command("DBSIZE")).isEqualTo(0L);
        giveBack(taken, charge);
        assertThat(redis.command("DBSIZE")).isEqualTo(0L);
    }

    /** Each is the value above it with a mistake. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "true  | 0, 2, 3600000, 10000, 1, 360, 1700000000000, 0",
                "false | 0, 2, 3600000, 10000, 1, 360, 1700000000000, 3600001",
                "false | 0, 2, 3600000, 10000, 1, 360, 1700000000000, -9007199254740992",
                "false | 0, 2, 3600000, 10000, 1, 360, -1, 0",
                "false | 0, 2, 3600000, 10000, 1, 360, 1700000000000, 0.5",
                "false | 0, 2, 3600000, 10000, 1, 360, 1700000000000, 0/0",
                "false | 0, 2, 3600000, 10000, 0, 360, 1700000000000, 0",
                "false | 0, 2, 3600000, 10000, 1, 360, 1700000000000",
                "false | 0, 2, 3600000, 10000, 1, 360, 1700000000000, 0, 2",
                "false | 0, 2, 3600000, 10000, 1, 360, 1700000000000, 'x'",
                "false | 0, 22, 3600000, 10000, 1, 360, 1700000000000, 0",
                "false | 0, 2.5, 3600000, 10000, 1, 360, 1700000000000, 0",
                "false | -1, 2, 3600000, 10000, 1, 360, 1700000000000, 0",
                "false | 0",
                "true  | 0, 6, 3600000, 10000, 2, 1700000000000, 1700000000000, 1000, 5, 2000",
                "false | 0, 6, 3600000, 10000, 2, 1700000000000, 1700000000000, 1000, -1, 2000",
                "false | 0, 6, 3600000, 10000, 2, 1700000000000, 1700000000000, 1000, 5, 0",
                "false | 0, 6, 3600000, 10000, 2, 1700000000000, 1700000000000, 1000, 9007199254740992, 1",
                "false | 0, 6, 3600000, 10000, 3, 1700000000000, 1700000000000, 1000, 5, 2000",
                "false | 0, 6, 3600000, 10000, 1, 1700000000000, 1700000000000, 1000, 5, 2000",
                "false | 0, 6, 3600000, 10000, 9007199254740991, 1700000000000, 1700000000000, 1000",
                "false | 0, 7, 3600000, 10000, 2, 1700000000000, 1700000000000, 1000, 5, 2000",
                "true  | 0, 10, 3600000, 10000, 4, 1700000000000, 1000, 2000",
                "false | 0, 10, 3600000, 10000, 4, 1700000000000, 1000, -2000",
                "false | 0, 10, 3600000, 10000, 4, 1700000000000, 1000, {}",
                "false | 0, 10, 3600000, 10000, 3600001, 1700000000000, 1000, 2000",
                "true  | 0, 14, 3600000, 10000, '', 1, 1700000000000, 1699999200000, 1700002800000, 1000",
                "false | 0, 14, 3600000, 10000, 0, 1, 1700000000000, 1699999200000, 1700002800000, 1000",
                "false | 0, 14, 3600000, 10000, '', 1, 1700000000000, 1700002800000, 1699999200000, 1000",
                "false | 0, 14, 3600000, 10000, '', 1, 1700000000000, 1699999200000, 1700002800000, 0",
                "false | 0, 14, 3600000, 10000, '', 2, 1700000000000, 5, 6, 1, 4, 7, 1",
                "false | 0, 14, 3600000, 10000, '', 9007199254740991, 1700000000000, 5, 6, 1",
                "true  | 0, 18, 3600000, 10000, 2, 1700000000000, 7, 1000, 3600000, 9007199254740992, -1000, 5",
                "false | 0, 18, 3600000, 10000, 2, 1700000000000, 7, 1000, 3600000, 9007199254740994, -1000, 5",
                "false | 0, 18, 3600000, 10000, 2, 1700000000000, 7, 1000, 3600000, 8, -1000, 0",
                "false | 0, 18, 3600000, 10000, 2, 1700000000000, 7, 1000, 3600000, 8, -1000, -5",
                "false | 0, 18, 3600000, 10000, 2, 1700000000000, -7, 1000, 3600000, 8, -1000, 5",
                "false | 0, 18, 3600000, 10000, 2, 1700000000000, 7, 1000, 3600000, 8, -1000.5, 5",
                "false | 0, 18, 3600000, 10000, 3, 1700000000000, 7, 1000, 3600000, 8, -1000, 5",
                "false | 0, 18, 3600000, 10000, 9007199254740991, 1700000000000, 7, 1000, 3600000",
                "false | 0, 18, 3600000, 10000, 1, 9007199254740992, 7, 1000, 3600000",
                "false | 0, 16, 3600000, 10000, 1, 1700000000000, 7, 1000, 3600000",
                "false | 0, 19, 3600000, 10000, 1, 1700000000000, 7, 1000, 3600000",
                "false | 0, 20, 3600000, 10000, 1, 1700000000000, 7, 1000, 3600000"
            })
    void anImpossibleStateIsReplacedOnce(boolean ours, String parts) {
        redis.command("EVAL", "redis.call('SET', KEYS[1], cmsgpack.pack({" + parts + "}))", "1", KEY);
        Limit limit = limit(Algorithm.FIXED_WINDOW, "10/1h");
        assertThat(store.decide(new Charge(limit, "a", 0)).remaining()).isEqualTo(10);
        assertThat(store.healed()).isEqualTo(ours ? 0 : 1);
        assertThat(redis.command("EXISTS", KEY)).isEqualTo(ours ? 1L : 0L);
        store.decide(new Charge(limit, "a", 0));
        assertThat(store.healed()).isEqualTo(ours ? 0 : 1);
    }

    @Test
    void aValueThatIsNotExactlyOneArrayIsReplaced() {
        Limit limit = limit(Algorithm.TOKEN_BUCKET, "10/1h");
        String good = "{0, 2, 3600000, 10000, 1, 360, 1700000000000, 0}";
        List<String> foreign = List.of("1, 2, 3", "'text'", "{a = 1}", "{}", good + ", 1", good + ", " + good);
        for (String parts : foreign) {
            redis.command("EVAL", "redis.call('SET', KEYS[1], cmsgpack.pack(" + parts + "))", "1", KEY);
            assertThat(store.decide(new Charge(limit, "a", 10_000)).admitted())
                    .as(parts)
                    .isTrue();
        }
        assertThat(store.healed()).isEqualTo(foreign.size());
    }

    @Test
    void aValueIsSmall() {
        assertThat(sizes(Limit.of("limit", "10/s"))).isLessThanOrEqualTo(29);
        assertThat(sizes(Limit.of("limit", "100/1m", "1000/1h burst 200"))).isLessThanOrEqualTo(60);
        assertThat(sizes(limit(Algorithm.SLIDING_WINDOW, "10/1m"))).isLessThanOrEqualTo(80);
        assertThat(sizes(limit(Algorithm.SLIDING_WINDOW_COUNTER, "10/1m"))).isLessThanOrEqualTo(40);
        assertThat(sizes(limit(Algorithm.FIXED_WINDOW, "10/1m"))).isLessThanOrEqualTo(50);
        assertThat(sizes(calendar(CalendarPeriod.DAY))).isLessThanOrEqualTo(64);
        assertThat(sizes(limit(Algorithm.CONCURRENCY, "10/30s"))).isLessThanOrEqualTo(180);
    }

    @Test
    void aKeyOfAQueueExpiresWithItsLastEntry() {
        Limit limit = limit(Algorithm.CONCURRENCY, "1/20s");
        Decision held = store.decide(new Charge(limit, "a", 1_000));
        Decision queued = store.decide(List.of(new Charge(limit, "a", 1_000)), Duration.ofHours(1));
        assertThat(queued.isQueued()).isTrue();
        giveBack(held, held.charges().get(0));
        assertThat((long) redis.command("PTTL", KEY)).isCloseTo(20_000L, within(900L));
        giveBack(queued, queued.charges().get(0));
        assertThat(redis.command("DBSIZE")).isEqualTo(0L);
    }

    /**
     * An implementation that is quadratic in the length of the queue would take a hundred times as long for ten times
     * the length.
     */
    @Test
    void aQueueOfThousandsIsOneValueThatIsReadQuickly() {
        Limit limit = limit(Algorithm.CONCURRENCY, "10/1h");
        redis.command("EVAL", """
                local now = redis.call('TIME')[1] * 1000 - 60000
                local value = { 0, 18, 3600000, 10000, 5001, now, 1, 10000, 3000000 }
                for id = 2, 5001 do
                  value[#value + 1] = id
                  value[#value + 1] = -1000
                  value[#value + 1] = 2000000 + id % 977
                end
                redis.call('SET', KEYS[1], cmsgpack.pack(value))
                """, "1", KEY);
        Decision last = store.decide(List.of(new Charge(limit, "a", 1_000)), Duration.ofHours(1));
        assertThat(last.isQueued()).isTrue();
        assertThat(last.retryAfter().orElseThrow()).isBetween(Duration.ofSeconds(2_930), Duration.ofSeconds(2_940));
        Decision held =
                Decision.of(List.of(new Charge(limit, "a", 10_000, 1)), Duration.ZERO, true, Observations.ofRates(1));
        redis.command("CONFIG", "RESETSTAT");
        giveBack(held, held.charges().get(0));
        assertThat(usecPerCall("evalsha")).isBetween(1.0, 500_000.0);
        Decision tenth = Decision.of(
                List.of(new Charge(limit, "a", 1_000, 11)), Duration.ofHours(1), false, Observations.ofRates(1));
        Decision eleventh = Decision.of(
                List.of(new Charge(limit, "a", 1_000, 12)), Duration.ofHours(1), false, Observations.ofRates(1));
        assertThat(store.renew(List.of(last, tenth, eleventh))
                        .toCompletableFuture()
                        .join())
                .containsExactly(LeaseState.WAITING, LeaseState.READY, LeaseState.WAITING);
        assertThat(store.healed()).isZero();
    }

    private double usecPerCall(String command) {
        String stats = String.valueOf(redis.command("INFO", "commandstats"));
        return Double.parseDouble(
                stats.replaceFirst("(?s).*cmdstat_" + command + ":.*?usec_per_call=([0-9.]+).*", "$1"));
    }

    @Test
    void aLogOfTenThousandEntriesIsOneValue() {
        Limit limit = limit(Algorithm.SLIDING_WINDOW, "100000/1h");
        redis.command("EVAL", """
                local now = redis.call('TIME')[1] * 1000 - 60000
                local value = { 0, 6, 3600000, 100000000, 10000, now, now, 1000 }
                for _ = 2, 10000 do
                  value[#value + 1] = 1
                  value[#value + 1] = 1000
                end
                redis.call('SET', KEYS[1], cmsgpack.pack(value))
                """, "1", KEY);
        Decision taken = store.decide(new Charge(limit, "a", 5_000));
        assertThat(taken.remaining()).isEqualTo(89_995);
        assertThat(store.healed()).isZero();
        giveBack(taken, new Charge(limit, "a", 5_000));
        assertThat(store.decide(new Charge(limit, "a", 0)).remaining()).isEqualTo(90_000);
        assertThat((long) redis.command("STRLEN", KEY)).isLessThan(50_000);
    }

    private long sizes(Limit limit) {
        for (int i = 0; i < 10; i++) {
            store.decide(new Charge(limit, "a", 1_000));
        }
        long size = (long) redis.command("STRLEN", KEY);
        store.reset(limit, "a");
        return size;
    }

    private void assertLifetime(Decision decision) {
        assertThat(decision.admitted()).isTrue();
        long ttl = (long) redis.command("PTTL", KEY);
        assertThat(ttl).isCloseTo(decision.resetAfter().toMillis(), within(900L));
    }

    private void giveBack(Decision taken, Charge unused) {
        store.refund(taken, List.of(unused)).toCompletableFuture().join();
    }

    /** With the algorithm concurrency, {@code 10/20s} stands for 10 calls with leases of 20 s. */
    private static Limit limit(Algorithm algorithm, String rate) {
        if (algorithm == Algorithm.CONCURRENCY) {
            Rate parsed = Rate.parse(rate);
            return Limit.named("limit")
                    .maxConcurrent(parsed.tokens().intValueExact(), parsed.period())
                    .build();
        }
        return Limit.named("limit")
                .rates(rate)
                .algorithm(algorithm)
                .refill(algorithm == Algorithm.TOKEN_BUCKET ? Refill.INTERVAL : Refill.SMOOTH)
                .build();
    }

    private static Limit calendar(CalendarPeriod calendar) {
        return Limit.named("limit")
                .rates("10/" + calendar.nominal())
                .algorithm(Algorithm.FIXED_WINDOW)
                .calendar(calendar, BERLIN)
                .build();
    }
}
