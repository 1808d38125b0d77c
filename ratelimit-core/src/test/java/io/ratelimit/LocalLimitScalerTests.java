package io.ratelimit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ratelimit.algorithm.Algorithm;
import io.ratelimit.algorithm.CalendarPeriod;
import io.ratelimit.algorithm.ConcurrencyCap;
import io.ratelimit.algorithm.InvalidLimitException;
import io.ratelimit.algorithm.LeaseState;
import io.ratelimit.algorithm.Rate;
import io.ratelimit.algorithm.Refill;
import io.ratelimit.algorithm.Tokens;
import io.ratelimit.memory.InMemoryRateLimitStore;
import io.ratelimit.remote.RemoteRateLimitStore;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests the share of a limit that this node's memory grants while its store is unavailable. */
class LocalLimitScalerTests {

    private static final long MILLI = 1_000_000;
    private static final BigDecimal QUARTER = new BigDecimal("0.25");

    private final AtomicLong nanos = new AtomicLong();
    private final List<AutoCloseable> closing = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : closing) {
            each.close();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "TOKEN_BUCKET   | 100/s              | 0.25     | 1    | 25/s",
                "TOKEN_BUCKET   | 100/s burst 200, 1000/1m burst 50 | 0.25 | 1 | 25/s burst 50, 250/1m burst 12.5",
                "TOKEN_BUCKET   | 100/s              | 1        | 1    | 100/s",
                "TOKEN_BUCKET   | 100/s              | 1.00     | 1    | 100/s",
                "TOKEN_BUCKET   | 10/s               | 0.333    | 1    | 3.33/s",
                "TOKEN_BUCKET   | 10/s               | 0.333333 | 1    | 3.333/s",
                "TOKEN_BUCKET   | 2/s                | 0.25     | 1    | 0.5/s burst 1",
                "TOKEN_BUCKET   | 2/s burst 8        | 0.25     | 5    | 0.5/s burst 5",
                "TOKEN_BUCKET   | 0.003/s burst 8    | 0.25     | 0    | 0.001/s burst 2",
                "TOKEN_BUCKET   | 0.003/s            | 0.25     | 0    | 0.001/s",
                "SLIDING_WINDOW | 10/1m              | 0.25     | 1    | 2.5/1m",
                "SLIDING_WINDOW | 3/1m               | 0.25     | 1    | 1/1m",
                "SLIDING_WINDOW | 3/1m               | 0.25     | 0    | 0.75/1m",
                "FIXED_WINDOW   | 100/1m             | 0.25     | 30   | 30/1m",
                "SLIDING_WINDOW_COUNTER | 100/1m     | 0.125    | 1    | 12.5/1m",
            })
    void aShareScalesTokensAndCapacityAndHoldsACallOfTheLimitsOwnCost(
            Algorithm algorithm, String rates, BigDecimal share, BigDecimal cost, String local) {
        Limit limit = Limit.named("shared")
                .algorithm(algorithm)
                .rates(rates.split(", "))
                .cost(cost)
                .localShare(share)
                .build();
        assertThat(limit.local())
                .isEqualTo(Limit.named("shared")
                        .algorithm(algorithm)
                        .rates(local.split(", "))
                        .cost(cost)
                        .build());
        assertThat(limit.local().local()).isSameAs(limit.local());
    }

    @ParameterizedTest
    @CsvSource({
        "10, 0.25, 1,   2",
        "10, 0.3,  1,   3",
        "3,  0.25, 1,   1",
        "10, 0.25, 3.5, 4",
        "10, 1,    1,   10",
        "1,  0.25, 0,   1",
    })
    void aShareOfACapIsAWholeNumberOfCallsThatHoldsOneOfTheLimitsOwnCost(
            int max, BigDecimal share, BigDecimal cost, int local) {
        Duration leaseTime = Duration.ofSeconds(30);
        Limit limit = Limit.named("shared")
                .maxConcurrent(max, leaseTime)
                .cost(cost)
                .localShare(share)
                .build();
        assertThat(limit.local().concurrency()).contains(new ConcurrencyCap(local, leaseTime));
        assertThat(limit.local().rates()).isEmpty();
    }

    @Test
    void aShareKeepsTheOptionsOfTheAlgorithm() {
        Limit quota = Limit.named("quota")
                .rates("100/1d")
                .algorithm(Algorithm.FIXED_WINDOW)
                .calendar(CalendarPeriod.DAY, java.time.ZoneId.of("Europe/Berlin"))
                .localShare(QUARTER)
                .build();
        assertThat(quota.local().calendar()).contains(CalendarPeriod.DAY);
        assertThat(quota.local().zone()).isEqualTo(quota.zone());
        Limit portions = Limit.named("portions")
                .rates("100/s")
                .refill(Refill.INTERVAL)
                .localShare(QUARTER)
                .build();
        assertThat(portions.local().refill()).isEqualTo(Refill.INTERVAL);
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "-0.5", "1.000001", "4", "1E+999999999", "-1E+999999999"})
    void aShareIsAboveZeroAndAtMostOne(BigDecimal share) {
        assertThatThrownBy(() -> shared(share))
                .isInstanceOf(InvalidLimitException.class)
                .hasMessage(
                        "Invalid local-share \"" + Tokens.text(share)
                                + "\" of limit \"shared\": not above 0 and at most 1; use 1 divided by the number of nodes, such as 0.25");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.1234567", "1E-999999999"})
    void aShareHasAtMostSixDecimalPlaces(BigDecimal share) {
        assertThatThrownBy(() -> shared(share))
                .isInstanceOf(InvalidLimitException.class)
                .hasMessageEndingWith("finer than 0.000001; use at most six decimal places");
    }

    @ParameterizedTest
    @EnumSource(names = {"ALLOW", "DENY"})
    void aShareNeedsThePolicyLocal(StoreFailurePolicy policy) {
        Limit.Builder limit = Limit.named("shared").rates("10/s").onStoreFailure(policy);
        assertThatThrownBy(() -> limit.localShare(QUARTER).build())
                .isInstanceOf(InvalidLimitException.class)
                .hasMessage("Invalid local-share \"0.25\" of limit \"shared\": with on-store-failure "
                        + policy.name().toLowerCase(Locale.ROOT)
                        + " this node's memory is not asked; drop local-share, or use on-store-failure local");
        assertThat(limit.localShare(BigDecimal.ONE).build().local().onStoreFailure())
                .isEqualTo(policy);
    }

    @Test
    void aShareThatCannotBeCountedIsInvalid() {
        Limit.Builder vast = Limit.named("vast").rates("777777777/1d");
        assertThat(vast.localShare(new BigDecimal("0.5")).build().local().rates())
                .containsExactly(Rate.parse("388888888.5/1d"));
        assertThatThrownBy(() -> vast.localShare(new BigDecimal("0.7")).build())
                .isInstanceOf(InvalidLimitException.class)
                .hasMessageStartingWith("Invalid local-share \"0.7\" of limit \"vast\": its share of the limit cannot"
                        + " be counted: rate \"544444443.9/d\", it needs ");
    }

    @Test
    void limitsWithDifferentSharesAreNotEqual() {
        assertThat(Limit.of("shared", "10/s").localShare()).isEqualTo(BigDecimal.ONE);
        assertThat(shared(QUARTER).localShare()).isEqualTo(QUARTER);
        assertThat(shared(QUARTER))
                .isEqualTo(shared(new BigDecimal("0.250")))
                .isNotEqualTo(shared(BigDecimal.ONE))
                .isNotEqualTo(shared(new BigDecimal("0.5")));
    }

    @Test
    void aQuarterOfASmoothBucketIsTwentyFiveAndThenOneEachFortyMilliseconds() {
        Limit limit = shared(Limit.named("search").rates("100/s"));
        RateLimitStore node = node();
        assertThat(burst(node, limit)).isEqualTo(25);
        nanos.addAndGet(40 * MILLI - 1000);
        assertThat(burst(node, limit)).isZero();
        nanos.addAndGet(1000);
        assertThat(burst(node, limit)).isEqualTo(1);
        nanos.addAndGet(10_000 * MILLI);
        assertThat(burst(node, limit)).isEqualTo(25);
    }

    @Test
    void aQuarterOfPortionsIsTwentyFiveAtTheEndOfEachPeriod() {
        Limit limit = shared(Limit.named("search").rates("100/s burst 200").refill(Refill.INTERVAL));
        RateLimitStore node = node();
        assertThat(burst(node, limit)).isEqualTo(50);
        nanos.addAndGet(1_000 * MILLI - 1000);
        assertThat(burst(node, limit)).isZero();
        nanos.addAndGet(1000);
        assertThat(burst(node, limit)).isEqualTo(25);
    }

    @ParameterizedTest
    @EnumSource(names = {"SLIDING_WINDOW", "FIXED_WINDOW"})
    void aQuarterOfAWindowIsTwentyFiveInEachWindow(Algorithm algorithm) {
        Limit limit = shared(Limit.named("search").rates("100/s").algorithm(algorithm));
        RateLimitStore node = node();
        assertThat(burst(node, limit)).isEqualTo(25);
        nanos.addAndGet(1_000 * MILLI - 1000);
        assertThat(burst(node, limit)).isZero();
        nanos.addAndGet(1000);
        assertThat(burst(node, limit)).isEqualTo(25);
    }

    @Test
    void aQuarterOfASlidingWindowCounterIsTwentyFiveAndOneMoreForEachThatLeavesTheWindow() {
        Limit limit = shared(Limit.named("search").rates("100/s").algorithm(Algorithm.SLIDING_WINDOW_COUNTER));
        RateLimitStore node = node();
        assertThat(burst(node, limit)).isEqualTo(25);
        nanos.addAndGet(1_040 * MILLI - 1000);
        assertThat(burst(node, limit)).isZero();
        nanos.addAndGet(1000);
        assertThat(burst(node, limit)).isEqualTo(1);
        nanos.addAndGet(2_000 * MILLI);
        assertThat(burst(node, limit)).isEqualTo(25);
    }

    @Test
    void aQuarterOfTenConcurrentCallsIsTwoUntilOneEnds() {
        Limit limit = shared(Limit.named("export").maxConcurrent(10, Duration.ofSeconds(30)));
        RateLimitStore node = node();
        Charge first = new Charge(limit, "key", 1000);
        Decision held = node.decide(List.of(first), Duration.ZERO);
        assertThat(burst(node, limit)).isEqualTo(1);
        node.refund(held, held.charges());
        assertThat(burst(node, limit)).isEqualTo(1);
        nanos.addAndGet(30_000 * MILLI);
        assertThat(burst(node, limit)).isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource({
        "TOKEN_BUCKET, 10/s burst 20, 0.333, 3.33/s burst 6.66",
        "SLIDING_WINDOW, 10/s, 0.333, 3.33/s",
        "SLIDING_WINDOW_COUNTER, 10/s, 0.333, 3.33/s",
        "FIXED_WINDOW, 10/s, 0.333, 3.33/s"
    })
    void aShareDecidesLikeALimitOfItsSize(Algorithm algorithm, String rate, BigDecimal share, String smaller) {
        Limit limit = Limit.named("search")
                .rates(rate)
                .algorithm(algorithm)
                .localShare(share)
                .build();
        Limit small = Limit.named("search").rates(smaller).algorithm(algorithm).build();
        RateLimitStore node = node();
        InMemoryRateLimitStore reference = memory();
        long seed = System.nanoTime();
        Random random = new Random(seed);
        Decision taken = null;
        for (int i = 0; i < 2_000; i++) {
            nanos.addAndGet(random.nextLong(200) * MILLI);
            long cost = random.nextLong(3_331);
            Duration wait = small.canWait() && random.nextInt(4) == 0 ? Duration.ofSeconds(1) : Duration.ZERO;
            Decision decision = node.decide(List.of(new Charge(limit, "key", cost)), wait);
            Decision expected = reference.decide(List.of(new Charge(small, "key", cost)), wait);
            assertThat(decision.statuses()).as("seed " + seed + ", step " + i).isEqualTo(expected.statuses());
            assertThat(decision.waitTime()).isEqualTo(expected.waitTime());
            taken = decision.admitted() ? decision : taken;
            if (taken != null && random.nextInt(4) == 0) {
                List<Charge> part = List.of(new Charge(limit, "key", random.nextLong(500)));
                List<Charge> same = List.of(new Charge(small, "key", part.get(0).cost()));
                if (random.nextBoolean()) {
                    node.refund(taken, part);
                    reference.refund(taken, same);
                } else {
                    node.debit(taken, part);
                    reference.debit(taken, same);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"TOKEN_BUCKET", "SLIDING_WINDOW", "FIXED_WINDOW"})
    void fourNodesWithAQuarterEachGrantNoMoreThanTheLimit(Algorithm algorithm) {
        Limit limit = shared(Limit.named("search").rates("100/s").algorithm(algorithm));
        List<RateLimitStore> nodes = List.of(node(), node(), node(), node());
        long seed = System.nanoTime();
        Random random = new Random(seed);
        List<long[]> granted = new ArrayList<>();
        for (int i = 0; i < 3_000; i++) {
            nanos.addAndGet(random.nextLong(6_000) * 1000);
            long cost = 1 + random.nextLong(3_000);
            if (nodes.get(random.nextInt(4))
                    .decide(new Charge(limit, "key", cost))
                    .admitted()) {
                granted.add(new long[] {nanos.get(), cost});
            }
        }
        long second = 1_000 * MILLI;
        for (int first = 0; first < granted.size(); first++) {
            long from = granted.get(first)[0];
            long sum = 0;
            for (int last = first; last < granted.size(); last++) {
                long to = granted.get(last)[0];
                sum += granted.get(last)[1];
                boolean bound = algorithm == Algorithm.TOKEN_BUCKET
                        ? sum <= 100_000 + (to - from) / 10_000
                        : algorithm == Algorithm.SLIDING_WINDOW
                                ? to - from >= second || sum <= 100_000
                                : to / second != from / second || sum <= 100_000;
                assertThat(bound)
                        .as("seed %d: %d from %d to %d", seed, sum, from, to)
                        .isTrue();
            }
        }
        assertThat(granted.stream().mapToLong(each -> each[1]).sum())
                .as("and most of it")
                .isGreaterThan((nanos.get() / MILLI * 100) * 8 / 10);
    }

    @Test
    void aCallAboveTheShareIsRejectedByPolicyAndOneAboveTheLimitForEver() {
        Limit limit = shared(Limit.named("search").rates("100/s"));
        Limit other = Limit.of("other", "100/s");
        RateLimitStore node = node();
        Decision beyond = node.decide(
                Charge.merged(List.of(new Charge(limit, "key", 25_001), new Charge(other, "key", 1000))),
                Duration.ZERO);
        assertThat(beyond.admitted()).isFalse();
        assertThat(beyond.source()).isEqualTo(DecisionSource.POLICY);
        assertThat(beyond.isPermanent()).isFalse();
        assertThat(beyond.retryAfter()).isEmpty();
        assertThat(beyond.charges()).extracting(Charge::limit).containsExactly(limit);
        assertThat(node.decide(new Charge(other, "key", 0)).remaining())
                .as("nothing was taken")
                .isEqualTo(100);
        Decision never = node.decide(new Charge(limit, "key", 100_001));
        assertThat(never.source()).isEqualTo(DecisionSource.LOCAL);
        assertThat(never.isPermanent()).isTrue();
        assertThat(node.decide(new Charge(limit, "key", 25_000)).admitted()).isTrue();
    }

    @Test
    void settledAndRefundedTokensReturnToTheShare() {
        List<String> told = new ArrayList<>();
        RateLimitListener listener = new RateLimitListener() {
            @Override
            public void onDecision(Decision decision) {
                told.add(decision.charges().get(0).limit().name() + ", " + decision.remaining() + " left of "
                        + decision.statuses().get(0).text());
            }
        };
        RateLimiterRegistry registry = new RateLimiterRegistry(node(), List.of(listener));
        closing.add(registry);
        RateLimiter tokens = registry.define(shared(Limit.named("tokens").rates("100/1d")));
        Decision decision = tokens.tryAcquire("acme", 20);
        tokens.settle(decision, 5);
        assertThat(tokens.peek("acme").remaining()).isEqualTo(20);
        Decision more = tokens.tryAcquire("acme", 1);
        tokens.settle(more, 26);
        assertThat(tokens.tryAcquire("acme", 1).retryAfter())
                .contains(Duration.ofDays(1).multipliedBy(7).dividedBy(25));
        registry.refund(decision = tokens.tryAcquire("ann", 25));
        assertThat(decision.source()).isEqualTo(DecisionSource.LOCAL);
        assertThat(tokens.peek("ann").remaining()).isEqualTo(25);
        assertThat(tokens.count(true, DecisionSource.LOCAL)).isEqualTo(3);
        assertThat(tokens.count(false, DecisionSource.LOCAL)).isEqualTo(1);
        assertThat(told).first().isEqualTo("tokens, 5.0 left of 25/d");
    }

    @Test
    void leasesOfTheShareAreRenewedAndReleasedThere() {
        RateLimiterRegistry registry = new RateLimiterRegistry(node(), List.of());
        closing.add(registry);
        RateLimiter exports = registry.define(shared(Limit.named("export").maxConcurrent(8, Duration.ofSeconds(30))));
        try (Permit one = exports.hold("acme");
                Permit other = exports.hold("acme")) {
            assertThat(exports.tryAcquire("acme").admitted()).isFalse();
            nanos.addAndGet(20_000 * MILLI);
            assertThat(registry.store()
                            .renew(List.of(one.decision(), other.decision()))
                            .toCompletableFuture()
                            .join())
                    .containsExactly(LeaseState.HELD, LeaseState.HELD);
            nanos.addAndGet(20_000 * MILLI);
            assertThat(exports.tryAcquire("acme").admitted()).as("they last").isFalse();
        }
        assertThat(exports.peek("acme").remaining()).isEqualTo(2);
    }

    @Test
    void theWholeLimitIsBackOnceTheStoreIs() {
        Limit limit = shared(Limit.named("search").rates("100/s"));
        UnreliableStore remote = UnreliableStore.unavailable(memory());
        RateLimitStore node = node(remote);
        assertThat(burst(node, limit)).isEqualTo(25);
        Decision local = node.decide(List.of(new Charge(limit, "other", 1000)), Duration.ZERO);
        remote.failure = null;
        while (node.decide(new Charge(limit, "other", 0)).source() != DecisionSource.STORE) {
            Thread.onSpinWait();
        }
        assertThat(burst(node, limit)).isEqualTo(100);
        node.refund(local, local.charges());
        assertThat(node.decide(new Charge(limit, "other", 0)).statuses().get(0).rate())
                .contains(Rate.parse("100/s"));
    }

    private long burst(RateLimitStore store, Limit limit) {
        long admitted = 0;
        while (store.decide(new Charge(limit, "key", 1000)).admitted()) {
            admitted++;
        }
        return admitted;
    }

    private static Limit shared(BigDecimal share) {
        return Limit.named("shared").rates("10/s").localShare(share).build();
    }

    private static Limit shared(Limit.Builder limit) {
        return limit.localShare(QUARTER).build();
    }

    /** Creates a node whose store is unavailable. */
    private RateLimitStore node() {
        return node(UnreliableStore.unavailable(memory()));
    }

    private RateLimitStore node(RateLimitStore remote) {
        RateLimitStore node = RemoteRateLimitStore.builder(remote, memory())
                .denialCache(false)
                .build();
        closing.add(node);
        return node;
    }

    private InMemoryRateLimitStore memory() {
        return InMemoryRateLimitStore.create(nanos::get, 100);
    }
}
