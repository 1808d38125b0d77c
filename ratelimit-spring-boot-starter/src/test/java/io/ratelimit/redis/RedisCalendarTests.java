package io.ratelimit.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.Limit;
import io.ratelimit.RateLimitStore;
import io.ratelimit.algorithm.Algorithm;
import io.ratelimit.algorithm.CalendarPeriod;
import io.ratelimit.memory.InMemoryRateLimitStore;
import io.ratelimit.test.redis.RedisExtension;
import io.ratelimit.test.redis.RedisServer;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Calendar windows, which are sent to the script because it cannot compute them. */
@ExtendWith(RedisExtension.class)
class RedisCalendarTests {

    private static final ZoneId BERLIN = ZoneId.of("Europe/Berlin");
    private static final Limit HOURS = calendar("hours", CalendarPeriod.HOUR, "1/1h");
    private static final Limit DAYS = calendar("days", CalendarPeriod.DAY, "3/1d");

    private final RedisServer server;
    private final AtomicLong nanos = new AtomicLong();
    private final RateLimitStore memory = InMemoryRateLimitStore.create(nanos::get, 1_000);
    private final RateLimitStore redis;

    RedisCalendarTests(RedisServer server) {
        this.server = server;
        this.redis = VirtualTimeRedis.store(server, nanos::get);
    }

    @AfterEach
    void close() {
        memory.close();
        redis.close();
    }

    @ParameterizedTest
    @CsvSource({
        "DAY, 3/1d, 2026-03-27T20:00:00Z, PT3H",
        "DAY, 3/1d, 2026-10-23T20:00:00Z, PT3H",
        "HOUR, 3/1h, 2026-03-29T00:10:00Z, PT10M",
        "HOUR, 3/1h, 2026-10-25T00:10:00Z, PT10M",
        "WEEK, 3/1w, 2026-03-20T00:00:00Z, PT16H",
        "MONTH, 3/30d, 2026-01-30T00:00:00Z, PT60H"
    })
    void callsAroundAChangeOfTheClocksAreThoseOfTheMemoryStore(
            CalendarPeriod calendar, String rate, Instant start, Duration step) {
        Limit limit = calendar("calendar", calendar, rate);
        Random random = new Random(7);
        set(start);
        int waiting = 0;
        for (int i = 0; i < 60; i++) {
            List<Charge> charges = List.of(new Charge(limit, "a", 1 + random.nextInt(2_000)));
            Duration maxWait = random.nextBoolean() ? Duration.ZERO : step.multipliedBy(20);
            Decision ours = redis.decide(charges, maxWait);
            Decision theirs = memory.decide(charges, maxWait);
            assertThat(ours.statuses()).isEqualTo(theirs.statuses());
            assertThat(ours.waitTime()).isEqualTo(theirs.waitTime());
            waiting += ours.waitTime().isZero() ? 0 : 1;
            if (ours.admitted() && random.nextInt(4) == 0) {
                redis.refund(ours, charges).toCompletableFuture().join();
                memory.refund(theirs, charges).toCompletableFuture().join();
            }
            nanos.addAndGet((long) (random.nextDouble() * step.toNanos()));
        }
        assertThat(waiting).isPositive();
    }

    @Test
    void aDayOfTwentyThreeHoursEndsAnHourEarlier() {
        set(Instant.parse("2026-03-29T12:00:00Z"));
        redis.decide(new Charge(DAYS, "a", 3_000));
        Decision rejected = redis.decide(new Charge(DAYS, "a", 1));
        assertThat(rejected.retryAfter()).contains(Duration.ofHours(10));
        nanos.addAndGet(Duration.ofHours(10).toNanos() - 1_000_000);
        assertThat(redis.decide(new Charge(DAYS, "a", 1)).admitted()).isFalse();
        nanos.addAndGet(1_000_000);
        assertThat(redis.decide(new Charge(DAYS, "a", 3_000)).admitted()).isTrue();
    }

    @Test
    void aServerWithAnotherTimeIsAskedTwiceAtFirstAndThenOnce() throws Exception {
        set(Instant.parse("2001-09-09T01:46:40Z"));
        redis.decide(new Charge(Limit.of("loads-the-script", "1/s"), "a", 0));
        try (RateLimitStore other = VirtualTimeRedis.store(server, nanos::get);
                Monitor monitor = new Monitor(server)) {
            for (int i = 1; i <= 3; i++) {
                assertThat(other.decide(new Charge(DAYS, "a", 1_000)).admitted())
                        .isTrue();
                assertThat(scripts(monitor)).isEqualTo(i == 1 ? 2 : 1);
            }
            nanos.addAndGet(Duration.ofDays(400).toNanos());
            assertThat(other.decide(new Charge(DAYS, "a", 1_000)).remaining()).isEqualTo(2);
            assertThat(scripts(monitor)).isEqualTo(2);
        }
    }

    @Test
    void aCallThatFollowsTheFirstAnswerKnowsTheTimeOfTheServer() throws Exception {
        set(Instant.parse("2001-09-09T01:46:40Z"));
        Charge first = new Charge(Limit.of("first", "1/s"), "a", 0);
        redis.decide(first);
        try (RateLimitStore other = VirtualTimeRedis.store(server, nanos::get);
                Monitor monitor = new Monitor(server)) {
            Decision second = other.decideAsync(List.of(first), Duration.ZERO)
                    .thenCompose(answer -> other.decideAsync(List.of(new Charge(DAYS, "a", 1_000)), Duration.ZERO))
                    .toCompletableFuture()
                    .join();
            assertThat(second.admitted()).isTrue();
            assertThat(scripts(monitor)).isEqualTo(2);
        }
    }

    @Test
    void aClockThatIsSetBackCountsUsedTokensInTheWindowThatItReturnsTo() {
        set(Instant.parse("2026-05-05T12:00:00Z"));
        redis.decide(new Charge(DAYS, "a", 3_000));
        set(Instant.parse("2026-04-01T12:00:00Z"));
        Decision rejected = redis.decide(new Charge(DAYS, "a", 1));
        assertThat(rejected.retryAfter()).contains(Duration.ofHours(10));
        nanos.addAndGet(Duration.ofHours(10).toNanos());
        assertThat(redis.decide(new Charge(DAYS, "a", 3_000)).admitted()).isTrue();
    }

    @Test
    void aGrantFarAwayTakesOneMoreCallAndIsExact() throws Exception {
        set(Instant.parse("2026-01-01T00:30:00Z"));
        Duration tenWeeks = Duration.ofDays(70);
        List<Charge> one = List.of(new Charge(HOURS, "a", 1_000));
        redis.decide(one, tenWeeks);
        try (Monitor monitor = new Monitor(server)) {
            for (int i = 1; i < 100; i++) {
                Decision reserved = redis.decide(one, tenWeeks);
                assertThat(reserved.waitTime()).isEqualTo(Duration.ofHours(i).minusMinutes(30));
                assertThat(scripts(monitor)).as("grant %d", i).isEqualTo(i <= 30 ? 1 : 2);
            }
        }
    }

    @Test
    void twoZonesOnOneKeyCountTheSameTokens() {
        set(Instant.parse("2026-05-05T12:00:00Z"));
        Limit kolkata = Limit.named("days")
                .rates("3/1d")
                .algorithm(Algorithm.FIXED_WINDOW)
                .calendar(CalendarPeriod.DAY, ZoneId.of("Asia/Kolkata"))
                .build();
        redis.decide(new Charge(DAYS, "a", 1_000));
        assertThat(redis.decide(new Charge(kolkata, "a", 1_000)).remaining()).isEqualTo(1);
        assertThat(redis.decide(new Charge(DAYS, "a", 1_000)).remaining()).isZero();
    }

    private static long scripts(Monitor monitor) throws Exception {
        return monitor.commands().stream()
                .filter(line -> line.contains("EVALSHA"))
                .count();
    }

    private void set(Instant instant) {
        nanos.set(TimeUnit.MILLISECONDS.toNanos(instant.toEpochMilli()));
    }

    private static Limit calendar(String name, CalendarPeriod calendar, String rate) {
        return Limit.named(name)
                .rates(rate)
                .algorithm(Algorithm.FIXED_WINDOW)
                .calendar(calendar, BERLIN)
                .build();
    }
}
