package io.ratelimit.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.Limit;
import io.ratelimit.RateLimitStore;
import io.ratelimit.RateLimiter;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.RateStatus;
import io.ratelimit.algorithm.Algorithm;
import io.ratelimit.algorithm.Refill;
import io.ratelimit.algorithm.Tokens;
import io.ratelimit.memory.InMemoryRateLimitStore;
import io.ratelimit.test.redis.RedisExtension;
import io.ratelimit.test.redis.RedisServer;
import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.test.util.ReflectionTestUtils;

@ExtendWith(RedisExtension.class)
class RedisRateLimitStoreTests {

    private static final Limit SLOW = Limit.of("slow", "10/h");

    private final RedisServer redis;
    private final AtomicLong nanos = new AtomicLong();
    private final List<AutoCloseable> open = new ArrayList<>();
    private RedisRateLimitStore store;
    private RedisRateLimitStore virtual;

    RedisRateLimitStoreTests(RedisServer redis) {
        this.redis = redis;
    }

    @BeforeEach
    void start() {
        redis.command("FLUSHALL");
        store = closing(RedisRateLimitStore.create(TestConnections.lettuce(redis), "ratelimit", Duration.ofSeconds(5)));
        virtual = closing(VirtualTimeRedis.store(redis, nanos::get));
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : open) {
            each.close();
        }
    }

    @Test
    void tokensAreConsumedUntilNoneIsLeft() {
        for (int left = 9; left >= 0; left--) {
            Decision decision = store.decide(charge(SLOW, "a", 1000));
            assertThat(decision.admitted()).isTrue();
            assertThat((int) decision.remaining()).isEqualTo(left);
        }
        Decision rejected = store.decide(charge(SLOW, "a", 1000));
        assertThat(rejected.admitted()).isFalse();
        assertThat(rejected.retryAfter().orElseThrow()).isBetween(Duration.ofMinutes(5), Duration.ofMinutes(6));
        assertThat(store.decide(charge(SLOW, "b", 1000)).admitted()).isTrue();
        assertThat(store.name()).isEqualTo("redis");
    }

    @Test
    void aRemovedLimitLeavesItsBucketsToExpireAndNothingElse() {
        RateLimiterRegistry registry = new RateLimiterRegistry(store, List.of());
        RateLimiter limiter = registry.define(SLOW);
        Charge late = limiter.charge("late", 1);
        limiter.tryAcquire("a", 10);
        Object operations = Objects.requireNonNull(ReflectionTestUtils.getField(store, "operations"));
        assertThat(ReflectionTestUtils.getField(operations, "limits"))
                .asInstanceOf(InstanceOfAssertFactories.MAP)
                .containsKey("slow");

        registry.remove("slow");
        store.decide(late);
        assertThat(ReflectionTestUtils.getField(operations, "limits"))
                .asInstanceOf(InstanceOfAssertFactories.MAP)
                .isEmpty();
        assertThat(registry.define(SLOW).tryAcquire("a").admitted()).isFalse();
    }

    @Test
    void aPlainDecisionAndAnAsynchronousOneAreTheSame() {
        store.decideAsync(List.of(charge(SLOW, "a", 4000)), Duration.ZERO)
                .toCompletableFuture()
                .join();
        assertThat(store.decide(charge(SLOW, "a", 0)).remaining()).isBetween(6.0, 6.1);
    }

    @Test
    void aCostAboveTheCapacityIsRejectedWithStatusesAndConsumesNothing() {
        Decision decision = store.decide(charge(SLOW, "a", Tokens.MOST_THOUSANDTHS));
        assertThat(decision.isPermanent()).isTrue();
        assertThat(decision.remaining()).isEqualTo(10);
        assertThat(redis.command("DBSIZE")).isEqualTo(0L);
    }

    @Test
    void aResetBucketIsFull() {
        store.decide(charge(SLOW, "a", 10_000));
        store.reset(SLOW, "a");
        assertThat(store.decide(charge(SLOW, "a", 10_000)).admitted()).isTrue();
        assertThat(redis.command("DBSIZE")).isEqualTo(1L);
    }

    @Test
    void aRejectionByOneLimitChargesNone() {
        Limit wide = Limit.of("wide", "100/h");
        store.decide(charge(SLOW, "a", 10_000));
        Decision rejected = store.decide(List.of(charge(SLOW, "a", 1000), charge(wide, "", 1000)), Duration.ZERO);
        assertThat(rejected.admitted()).isFalse();
        assertThat(rejected.admits(0)).isFalse();
        assertThat(rejected.admits(1)).isTrue();
        assertThat(store.decide(charge(wide, "", 0)).remaining()).isEqualTo(100);
    }

    @Test
    void randomDecisionsAreThoseOfTheMemoryStore() {
        RateLimitStore memory = closing(InMemoryRateLimitStore.create(nanos::get, 1_000));
        List<Limit> limits = List.of(
                Limit.of("one", "10/s"),
                Limit.of("two", "7/3s burst 11", "0.5/1m30s burst 9"),
                Limit.named("portions")
                        .rates("5/2s burst 12", "9/1m")
                        .refill(Refill.INTERVAL)
                        .build(),
                Limit.of("exact", "0.001/7us burst 900000.001"),
                Limit.of("most", "1000003/1s burst 9007"));
        Random random = new Random(20);
        for (int i = 0; i < 6_000; i++) {
            List<Charge> charges = new ArrayList<>();
            for (Limit limit : limits) {
                if (random.nextInt(3) == 0 || charges.isEmpty() && limit.name().equals("most")) {
                    String key = "k" + random.nextInt(2);
                    charges.add(
                            charge(limit, key, random.nextInt(9) == 0 ? 0 : random.nextLong(limit.capacity() / 2 + 9)));
                }
            }
            charges = Charge.merged(charges);
            Decision ours = virtual.decide(charges, Duration.ZERO);
            Decision theirs = memory.decide(charges, Duration.ZERO);
            assertThat(ours.statuses()).as("decision %d", i).isEqualTo(theirs.statuses());
            assertThat(ours.admitted()).isEqualTo(theirs.admitted());
            nanos.addAndGet(
                    random.nextInt(4) == 0 ? 0 : random.nextLong(random.nextBoolean() ? 1_000_000 : 2_000_000_000L));
        }
    }

    @Test
    void nothingIsLostToRoundingJustBelowTwoToTheFiftyThree() {
        Limit vast = Limit.of("vast", "0.001/us burst 9007199254740.990");
        assertThat(virtual.decide(charge(vast, "a", vast.capacity() - 1)).admitted())
                .isTrue();
        for (int i = 1; i <= 100; i++) {
            nanos.addAndGet(1_000);
            assertThat(virtual.decide(charge(vast, "a", 2)).admitted()).isEqualTo(i % 2 == 1);
        }
        Limit large = Limit.of("large", "1.001/999983us burst 9007351");
        long capacity = large.capacity();
        assertThat(virtual.decide(charge(large, "a", capacity)).admitted()).isTrue();
        Decision rejected = virtual.decide(charge(large, "a", capacity));
        nanos.addAndGet(rejected.retryAfter().orElseThrow().toNanos() - 1_000);
        assertThat(virtual.decide(charge(large, "a", capacity)).retryAfter()).contains(Duration.ofNanos(1_000));
        nanos.addAndGet(1_000);
        assertThat(virtual.decide(charge(large, "a", capacity)).admitted()).isTrue();
    }

    @Test
    void aClockThatIsSetBackALittleNeitherRefillsTwiceNorDelaysCallsForLong() {
        Limit limit = Limit.of("clock", "10/s");
        nanos.set(Duration.ofHours(1).toNanos());
        virtual.decide(charge(limit, "a", 10_000));
        for (int i = 0; i < 20; i++) {
            nanos.addAndGet(i % 2 == 0 ? -400_000_000 : 400_000_000);
            assertThat(virtual.decide(charge(limit, "a", 1000)).admitted()).isFalse();
        }
        nanos.addAndGet(100_000_000);
        assertThat(virtual.decide(charge(limit, "a", 1000)).admitted()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"SMOOTH", "INTERVAL"})
    void aClockThatIsSetBackContinuesWithTheStoredLevel(Refill refill) {
        Limit limit = Limit.named("clock").rates("10/s").refill(refill).build();
        nanos.set(Duration.ofHours(1).toNanos());
        virtual.decide(charge(limit, "a", 10_000));
        nanos.set(0);
        Decision rejected = virtual.decide(charge(limit, "a", 1000));
        assertThat(rejected.remaining()).isZero();
        Duration wait = Duration.ofMillis(refill == Refill.SMOOTH ? 100 : 1000);
        assertThat(rejected.retryAfter()).contains(wait);
        nanos.addAndGet(wait.toNanos());
        assertThat(virtual.decide(charge(limit, "a", 1000)).retryAfter()).isPresent();
    }

    @Test
    void twoConfigurationsOnOneKeyAddNothingAndLoseNothing() {
        Limit ten = Limit.of("same", "10/s");
        Limit twenty = Limit.of("same", "20/s");
        Limit[] nodes = {ten, twenty};
        long[] units = {100, 50};
        Random random = new Random(3);
        // The exact bucket: units of the configuration that wrote last, microseconds.
        int writer = 0;
        long level = 1_000_000;
        long time = 0;
        boolean absent = true;
        List<long[]> taken = new ArrayList<>();
        for (int i = 0; i < 10_000; i++) {
            int node = i % 2;
            long now = nanos.addAndGet(random.nextInt(100_000) * 1_000L) / 1_000;
            long cost = 1 + random.nextInt(4_000);
            long full = nodes[node].capacity() * units[node];
            long found = absent ? full : Math.min(nodes[writer].capacity() * units[writer], level + now - time);
            long mine = node == writer || absent
                    ? found
                    : Math.min(found / units[writer], nodes[node].capacity()) * units[node];
            boolean expected = mine >= cost * units[node];
            Decision decision = virtual.decide(charge(nodes[node], "a", cost));
            assertThat(decision.admitted()).as("decision %d", i).isEqualTo(expected);
            if (expected) {
                absent = false;
                writer = node;
                level = mine - cost * units[node];
                time = now;
                taken.add(new long[] {now, cost});
            } else if (node > writer && cost <= nodes[node].capacity()) {
                writer = node;
                level = mine;
                time = now;
            }
        }
        assertWithin(taken, 20_000, 20);
    }

    @Test
    void aBucketThatIsFullByTheSmallerConfigurationIsNotRefilledForTheLarger() throws Exception {
        Limit small = Limit.of("same", "20/s burst 1");
        Limit large = Limit.of("same", "20/s burst 40");
        long start = System.nanoTime();
        long admitted = 0;
        for (int i = 0; i < 8; i++) {
            long rest = (long) (store.decide(charge(large, "a", 0)).remaining() * 1000);
            admitted += store.decide(charge(large, "a", rest)).admitted() ? rest : 0;
            Thread.sleep(60);
            admitted += store.decide(charge(small, "a", 1000)).admitted() ? 1000 : 0;
            // Real time, because the key of a bucket that is full by the smaller would expire in it.
            Thread.sleep(60);
            long elapsedMillis = (System.nanoTime() - start) / 1_000_000 + 1;
            assertThat(admitted).isLessThanOrEqualTo(40_000 + 20 * elapsedMillis);
        }
        assertThat(admitted).isGreaterThan(45_000);
    }

    @Test
    void anAddedRateStartsWithAsManyTokensUsedAsTheMostUsedOfTheOthers() {
        virtual.decide(charge(Limit.of("grown", "10/s", "50/1m"), "a", 8_000));
        Decision decision = virtual.decide(charge(Limit.of("grown", "10/s", "50/1m", "30/1h"), "a", 0));
        assertThat(decision.statuses()).extracting("remaining").containsExactly(2.0, 42.0, 22.0);
    }

    @Test
    void refundsAndDebitsOfAnOlderVersionCountUnderTheCurrentOne() {
        Limit before = Limit.of("redefined", "10/h");
        Decision taken = virtual.decide(charge(before, "a", 5_000));
        Limit now = Limit.of("redefined", "3600000/h");
        virtual.decide(charge(now, "a", 1_000));
        nanos.addAndGet(600_000_000_000L);
        giveBack(taken, charge(before, "a", 2_000));
        assertThat(virtual.decide(charge(now, "a", 0)).remaining()).isEqualTo(600_006);
        owe(taken, charge(before, "a", 3_000));
        assertThat(virtual.decide(charge(now, "a", 0)).remaining()).isEqualTo(600_003);
    }

    @Test
    void onlyRatesThatMigrateFromThoseOfTheDecisionAreRefundedAndAllAreDebited() {
        Limit before = Limit.of("redefined", "10/h");
        Limit now = Limit.of("redefined", "10/h", "20/1m");
        Decision taken = virtual.decide(charge(before, "a", 4_000));
        virtual.decide(charge(now, "a", 1_000));
        giveBack(taken, charge(before, "a", 3_000));
        assertThat(virtual.decide(charge(now, "a", 0)).statuses())
                .extracting(RateStatus::remaining)
                .containsExactly(8.0, 15.0);
        owe(taken, charge(before, "a", 2_000));
        assertThat(virtual.decide(charge(now, "a", 0)).statuses())
                .extracting(RateStatus::remaining)
                .containsExactly(6.0, 13.0);
    }

    @Test
    void aLimitThatHasChangedItsAlgorithmIsDebitedButNotRefunded() {
        Limit before = Limit.of("redefined", "10/h");
        Limit now = Limit.named("redefined")
                .rates("7/1h")
                .algorithm(Algorithm.SLIDING_WINDOW)
                .build();
        Decision taken = virtual.decide(charge(before, "a", 3_000));
        virtual.decide(charge(now, "a", 1_000));
        giveBack(taken, charge(before, "a", 3_000));
        assertThat(virtual.decide(charge(now, "a", 0)).remaining()).isEqualTo(3);
        owe(taken, charge(before, "a", 2_000));
        assertThat(virtual.decide(charge(now, "a", 0)).remaining()).isEqualTo(1);
    }

    @Test
    void aLeaseOfAnOlderVersionIsReleasedForCallsThatWaitUnderTheCurrentOne() {
        Limit before =
                Limit.named("leased").maxConcurrent(2, Duration.ofMinutes(5)).build();
        Limit now =
                Limit.named("leased").maxConcurrent(3, Duration.ofMinutes(5)).build();
        List<Long> told = new CopyOnWriteArrayList<>();
        virtual.onLeaseReady(told::add);
        await().until(() -> !List.of().equals(redis.command("PUBSUB", "CHANNELS", "virtual*:ready")));
        Decision held = virtual.decide(charge(before, "a", 2_000));
        virtual.decide(charge(now, "a", 1_000));
        Decision queued = virtual.decide(List.of(charge(now, "a", 2_000)), Duration.ofMinutes(1));
        giveBack(held, held.leases().get(0));
        await().untilAsserted(() ->
                assertThat(told).containsExactly(queued.leases().get(0).lease()));
    }

    private void giveBack(Decision taken, Charge unused) {
        virtual.refund(taken, List.of(unused)).toCompletableFuture().join();
    }

    private void owe(Decision taken, Charge more) {
        virtual.debit(taken, List.of(more)).toCompletableFuture().join();
    }

    @Test
    void aPeriodThatBecomesSmoothIsNotRefilledTwice() {
        Limit interval =
                Limit.named("kind").rates("10/s").refill(Refill.INTERVAL).build();
        Limit smooth = Limit.of("kind", "10/s");
        virtual.decide(charge(interval, "a", 5_000));
        nanos.addAndGet(900_000_000);
        virtual.decide(charge(smooth, "a", 1_000));
        nanos.addAndGet(50_000_000);
        assertThat(virtual.decide(charge(smooth, "a", 0)).remaining()).isEqualTo(4.5);
    }

    private static void assertWithin(List<long[]> taken, long capacity, long perMilli) {
        for (int from = 0; from < taken.size(); from += 7) {
            BigInteger sum = BigInteger.ZERO;
            for (int to = from; to < Math.min(taken.size(), from + 300); to++) {
                sum = sum.add(BigInteger.valueOf(taken.get(to)[1]));
                long micros = taken.get(to)[0] - taken.get(from)[0];
                assertThat(sum.multiply(BigInteger.valueOf(1000)).longValue())
                        .isLessThanOrEqualTo(capacity * 1000 + micros * perMilli);
            }
        }
    }

    @Test
    void anInvalidTimeoutIsRejectedWithTheRule() {
        assertThatThrownBy(() -> RedisRateLimitStore.create(TestConnections.lettuce(redis), "p", Duration.ZERO))
                .isInstanceOf(InvalidRedisSettingException.class)
                .hasMessage("Invalid Redis timeout \"PT0S\": not between 1ms and 1m; use a deadline such as 250ms");
    }

    private <T extends AutoCloseable> T closing(T closeable) {
        open.add(closeable);
        return closeable;
    }

    private static Charge charge(Limit limit, String key, long cost) {
        return new Charge(limit, key, cost);
    }
}
