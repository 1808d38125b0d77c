package io.ratelimit.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.Limit;
import io.ratelimit.RateLimitExceededException;
import io.ratelimit.RateLimiter;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.algorithm.LeaseState;
import io.ratelimit.algorithm.Refill;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class InMemoryRateLimitStoreTests {

    private static final Limit TEN = Limit.of("ten", "10/s");
    private static final Limit SEVERAL = Limit.of("several", "10/s", "60/1m");
    private static final Limit PORTIONS =
            Limit.named("portions").rates("10/1s").refill(Refill.INTERVAL).build();

    private final AtomicLong nanos = new AtomicLong(123_456_789);
    private final InMemoryRateLimitStore store = InMemoryRateLimitStore.create(nanos::get, 4);

    @AfterEach
    void close() {
        store.close();
    }

    @Test
    void rejectsAMaximumBelowOneKey() {
        assertThatThrownBy(() -> InMemoryRateLimitStore.create(nanos::get, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("Invalid maxKeys 0: not positive; use 1 or more");
    }

    @Test
    void aSweepDeletesFullBucketsOnly() {
        take(TEN, "soon", 1);
        take(TEN, "later", 10);
        take(SEVERAL, "soon", 1);
        take(PORTIONS, "soon", 1);
        assertThat(store.keys()).isEqualTo(4);
        store.sweep();
        assertThat(store.keys()).isEqualTo(4);
        advance(Duration.ofMillis(999));
        store.sweep();
        assertThat(store.keys()).isEqualTo(3);
        advance(Duration.ofMillis(1));
        store.sweep();
        assertThat(store.keys()).isZero();
        assertThat(store.evictions()).isZero();
    }

    @Test
    @Tag("slow")
    void idleKeysAreDeletedWithinAMinuteOfBeingFull() {
        Limit second = Limit.of("second", "1/s");
        try (InMemoryRateLimitStore sweeping = InMemoryRateLimitStore.create()) {
            for (int i = 0; i < 50_000; i++) {
                sweeping.decide(new Charge(second, "key-" + i, 1_000));
            }
            assertThat(sweeping.keys()).isPositive();
            await().atMost(Duration.ofSeconds(61))
                    .untilAsserted(() -> assertThat(sweeping.keys()).isZero());
        }
    }

    @Test
    void freeChargesAndPermanentRejectionsCreateNoBucket() {
        assertThat(take(TEN, "looked at", 0).remaining()).isEqualTo(10);
        assertThat(take(TEN, "too dear", 11).isPermanent()).isTrue();
        assertThat(store.keys()).isZero();
    }

    @Test
    void aResetMakesRoomForAnotherKey() {
        take(TEN, "key", 10);
        store.reset(TEN, "key");
        store.reset(TEN, "key");
        assertThat(store.keys()).isZero();
        assertThat(take(TEN, "key", 10).admitted()).isTrue();
    }

    @Test
    void aNewKeyEvictsTheFullestBucket() {
        take(TEN, "empty", 10);
        take(TEN, "half", 5);
        take(TEN, "nearly full", 1);
        take(TEN, "third", 7);
        assertThat(take(TEN, "new", 10).admitted()).isTrue();
        assertThat(store.keys()).isEqualTo(4);
        assertThat(store.evictions()).isEqualTo(1);
        assertThat(take(TEN, "empty", 0).remaining()).isZero();
        assertThat(take(TEN, "half", 0).remaining()).isEqualTo(5);
        assertThat(take(TEN, "third", 0).remaining()).isEqualTo(3);
    }

    @Test
    void aBucketWithALeaseIsNotEvicted() {
        Limit leased =
                Limit.named("leased").maxConcurrent(10, Duration.ofSeconds(30)).build();
        for (String key : List.of("a", "b", "c", "d")) {
            take(leased, key, 1);
        }
        for (int i = 0; i < 100; i++) {
            take(leased, "other-" + i, 1);
        }
        for (String key : List.of("a", "b", "c", "d")) {
            assertThat(take(leased, key, 0).remaining()).isEqualTo(9);
        }
        assertThat(store.evictions()).isZero();
        assertThat(store.overflows()).isPositive();
    }

    @Test
    void theEvictionOfAFullBucketIsNotCounted() {
        take(TEN, "a", 1);
        take(TEN, "b", 10);
        take(TEN, "c", 10);
        take(TEN, "d", 10);
        advance(Duration.ofMillis(100));
        take(TEN, "new", 10);
        assertThat(store.evictions()).isZero();
        assertThat(store.overflows()).isZero();
        assertThat(take(TEN, "b", 0).remaining()).isEqualTo(1);
    }

    @Test
    void keysWithoutRoomShareBucketsUntilThereIsRoom() {
        exhaust("a", "b", "c", "d");
        int admitted = 0;
        for (int i = 0; i < 100; i++) {
            admitted += take(TEN, "new-" + i, 10).admitted() ? 1 : 0;
        }
        assertThat(store.keys()).isEqualTo(4);
        assertThat(store.overflows()).isEqualTo(100);
        assertThat(admitted).isBetween(80, 100);
        assertThat(take(TEN, "new-0", 10).admitted()).isFalse();
        assertThat(take(TEN, "a", 1).admitted()).isFalse();

        advance(Duration.ofSeconds(1));
        store.sweep();
        assertThat(store.keys()).isZero();
        assertThat(take(TEN, "new-0", 10).admitted()).isTrue();
        assertThat(store.keys()).isEqualTo(1);
        assertThat(store.overflows()).isEqualTo(101);
    }

    @Test
    void ofManyLimitsWithoutRoomEachHasFewerSharedBuckets() {
        exhaust("a", "b", "c", "d");
        for (int i = 0; i < 20; i++) {
            take(Limit.of("limit-" + i, "10/s"), "key", 10);
        }
        assertThat(keysWithTokens(Limit.of("limit-19", "10/s"))).isBetween(5, 15);
        for (int i = 0; i < 20; i++) {
            store.limitRemoved(Limit.of("limit-" + i, "10/s"));
        }
        assertThat(keysWithTokens(Limit.of("limit-19", "10/s"))).isGreaterThan(50);
    }

    @Test
    void sharedBucketsThatAreFullAreReleasedForOtherLimits() {
        exhaust("a", "b", "c", "d");
        for (int i = 0; i < 20; i++) {
            take(Limit.of("limit-" + i, "10/s"), "key", 10);
        }
        advance(Duration.ofSeconds(1));
        store.sweep();
        exhaust("a", "b", "c", "d");
        assertThat(keysWithTokens(Limit.of("limit-19", "10/s"))).isGreaterThan(50);
    }

    /** Takes all tokens of 100 keys, and returns how many of them had any. */
    private int keysWithTokens(Limit limit) {
        int admitted = 0;
        for (int i = 0; i < 100; i++) {
            admitted += take(limit, "key-" + i, 10).admitted() ? 1 : 0;
        }
        return admitted;
    }

    @Test
    void aKeyThatLeavesASharedBucketKeepsItsLevel() {
        exhaust("a", "b", "c", "d");
        take(TEN, "new", 8);
        store.reset(TEN, "a");
        assertThat(take(TEN, "new", 1).remaining()).isEqualTo(1);
        assertThat(store.keys()).isEqualTo(4);
        assertThat(take(TEN, "new", 2).admitted()).isFalse();
    }

    @Test
    void aFullBucketIsKeptWhileItsKeyWouldShareAnother() {
        exhaust("a", "b", "c", "d");
        for (int i = 0; i < 20_000; i++) {
            take(TEN, "emptying what is shared " + i, 10);
        }
        store.reset(TEN, "a");
        store.sweep();
        assertThat(take(TEN, "a", 10).admitted()).isTrue();
    }

    @Test
    void aResetFillsASharedBucketToo() {
        exhaust("a", "b", "c", "d");
        take(TEN, "new", 10);
        store.reset(TEN, "new");
        assertThat(take(TEN, "new", 10).admitted()).isTrue();
        store.reset(TEN, "a");
        store.reset(TEN, "new");
        assertThat(store.keys()).isEqualTo(4);
        assertThat(take(TEN, "new", 9).remaining()).isEqualTo(1);
        store.reset(TEN, "new");
        assertThat(take(TEN, "new", 10).admitted()).isTrue();
    }

    @Test
    void aRemovedLimitKeepsNoBucket() {
        take(TEN, "key", 10);
        take(TEN, "other", 10);
        take(SEVERAL, "key", 10);
        store.limitRemoved(TEN);
        store.sweep();
        assertThat(store.keys()).isEqualTo(1);
        assertThat(take(TEN, "key", 0).remaining()).isEqualTo(10);
        assertThat(take(SEVERAL, "key", 0).remaining()).isZero();
    }

    @Test
    void aLimitThatIsDefinedAgainDoesNotFindEarlierBuckets() {
        take(TEN, "key", 10);
        take(SEVERAL, "key", 10);
        store.limitRemoved(TEN);
        assertThat(take(TEN, "key", 10).admitted()).isTrue();
        assertThat(take(TEN, "key", 1).admitted()).isFalse();
        store.sweep();
        assertThat(take(TEN, "key", 1).admitted()).isFalse();
        assertThat(take(SEVERAL, "key", 1).admitted()).isFalse();
    }

    @Test
    void aLimitThatIsDefinedAgainDoesNotFindEarlierSharedBuckets() {
        exhaust("a", "b", "c", "d");
        take(TEN, "new", 10);
        store.limitRemoved(TEN);
        assertThat(take(TEN, "new", 10).admitted()).isTrue();
        assertThat(take(TEN, "new", 1).admitted()).isFalse();
    }

    @Test
    void aRemovedLimitKeepsNoSharedBucket() {
        BucketMap none = new BucketMap();
        LimitBuckets ofLimit = new LimitBuckets(
                TEN,
                none,
                new CapacityEviction(1, none, StoreClock.of(() -> 0)),
                new RateConfiguration.Pool(),
                StoreClock.of(() -> 0));
        assertThat(ofLimit.bucket("key", ofLimit.layout(), false)).isNotNull();
        ofLimit.remove();
        assertThat(ofLimit.find("key")).isNull();
        assertThat(ofLimit.bucket("key", ofLimit.layout(), false)).isNull();
    }

    @Test
    void bucketsOfARemovedLimitAreEvictedFirstAndNotCounted() {
        for (String key : List.of("a", "b", "c", "d")) {
            take(Limit.of("removed-" + key, "10/s"), key, 10);
        }
        for (String key : List.of("a", "b", "c", "d")) {
            store.limitRemoved(Limit.of("removed-" + key, "10/s"));
        }
        exhaust("a", "b", "c", "d");
        assertThat(store.keys()).isEqualTo(4);
        assertThat(store.evictions()).isZero();
        assertThat(store.overflows()).isZero();
    }

    @Test
    void eachRemovalDeletesSomeBucketsOfRemovedLimits() {
        try (InMemoryRateLimitStore large = InMemoryRateLimitStore.create(nanos::get, 100_000)) {
            for (int i = 0; i < 50_000; i++) {
                Limit tenant = Limit.of("tenant-" + i, "10/1d");
                large.decide(new Charge(tenant, Charge.SHARED, 1_000));
                large.decide(new Charge(tenant, "key", 1_000));
                large.limitRemoved(tenant);
            }
            assertThat(large.keys()).isLessThan(100);
        }
    }

    @Test
    void eachRemovalDeletesSomeBucketsOfOneKeyBesideManyOthers() {
        try (InMemoryRateLimitStore large = InMemoryRateLimitStore.create(nanos::get, 100_000)) {
            for (int i = 0; i < 10_000; i++) {
                large.decide(new Charge(SEVERAL, "key-" + i, 10_000));
            }
            for (int i = 0; i < 20_000; i++) {
                large.decide(new Charge(TEN, "key", 10_000));
                large.limitRemoved(TEN);
            }
            assertThat(large.keys()).isBetween(10_000L, 10_500L);
        }
    }

    /** The contract asks for charges as merged, but a caller that breaks it must not block a bucket forever. */
    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void chargesOutOfOrderAndTwiceForABucketAreDecidedLikeOthers() {
        take(TEN, "a", 1);
        take(TEN, "b", 1);
        Charge first = new Charge(TEN, "a", 2_000);
        Charge second = new Charge(TEN, "b", 2_000);
        assertThat(store.decide(List.of(second, first), Duration.ZERO).remaining())
                .isEqualTo(7);
        assertThat(store.decide(List.of(first, first), Duration.ZERO).remaining())
                .isEqualTo(3);
        assertThat(take(TEN, "a", 3).admitted()).isTrue();
        assertThat(take(TEN, "a", 1).admitted()).isFalse();
    }

    /** A call without a new key reads the clock once, while its buckets are locked. A new key is looked up before. */
    @ParameterizedTest
    @CsvSource({"key, 1", "new, 2"})
    void aRemovalDuringACallOfSeveralLimitsAppliesToTheWholeCall(String other, int removedAtRead) {
        AtomicReference<Runnable> onClock = new AtomicReference<>(() -> {});
        AtomicInteger reads = new AtomicInteger();
        try (InMemoryRateLimitStore store = InMemoryRateLimitStore.create(
                () -> {
                    onClock.get().run();
                    return 0;
                },
                10)) {
            store.decide(new Charge(SEVERAL, "key", 10_000));
            store.decide(new Charge(TEN, "key", 1_000));
            onClock.set(() -> {
                if (reads.incrementAndGet() == removedAtRead) {
                    store.limitRemoved(SEVERAL);
                }
            });
            List<Charge> both =
                    Charge.merged(List.of(new Charge(SEVERAL, "key", 1_000), new Charge(TEN, other, 1_000)));
            assertThat(store.decide(both, Duration.ZERO).admitted()).isTrue();
        }
    }

    @Test
    void aRenewalDuringTheRemovalOfTheLimitLosesNoLease() {
        AtomicReference<Runnable> onClock = new AtomicReference<>(() -> {});
        InMemoryRateLimitStore other = InMemoryRateLimitStore.create(
                () -> {
                    onClock.getAndSet(() -> {}).run();
                    return 0;
                },
                10);
        try (RateLimiterRegistry registry = new RateLimiterRegistry(other, List.of())) {
            Decision held = registry.define(Limit.named("leased")
                            .maxConcurrent(1, Duration.ofSeconds(30))
                            .build())
                    .tryAcquire("key");
            onClock.set(() -> registry.remove("leased"));
            assertThat(other.renew(List.of(held)).toCompletableFuture().join()).containsExactly(LeaseState.HELD);
            assertThat(registry.find("leased")).isEmpty();
        }
    }

    @Test
    void aLateCallOfARemovedLimitKeepsNothing() {
        RateLimiterRegistry registry = new RateLimiterRegistry(store, List.of());
        Limit limit = registry.define(TEN).limit();
        Charge charge = new Charge(limit, "key", 10_000);
        registry.remove("ten");
        assertThat(store.decide(charge).admitted()).isTrue();
        assertThat(store.decide(charge).admitted()).isTrue();
        assertThat(store.keys()).isZero();

        RateLimiter again = registry.define(TEN);
        again.tryAcquire("key", 4);
        store.reset(limit, "key");
        assertThat(again.peek("key").remaining()).isEqualTo(6);
    }

    @ParameterizedTest
    @ValueSource(strings = {"10/s", "10/s 20/1m"})
    void aLateCallChargesNoBucketOfALimitThatIsDefinedAgain(String rates) {
        RateLimiterRegistry registry = new RateLimiterRegistry(store, List.of());
        Limit limit = Limit.of("tenant", rates.split(" "));
        Charge late = registry.define(limit).charge("key", 2);
        registry.remove("tenant");
        RateLimiter again = registry.define(limit);
        again.tryAcquire("key", 4);
        assertThat(store.decide(late).remaining()).isEqualTo(8);
        assertThat(again.peek("key").remaining()).isEqualTo(6);
        assertThat(again.tryAcquire("key").remaining()).isEqualTo(5);
    }

    @Test
    void limitsThatCountAlikeShareTheirRates() {
        RateConfiguration.Pool pool = new RateConfiguration.Pool();
        RateConfiguration one = pool.of(Limit.of("one", "10/s", "60/1m"));
        assertThat(pool.of(Limit.of("two", "10/s", "60/1m"))).isSameAs(one);
        assertThat(pool.of(Limit.of("one", "10/s"))).isNotSameAs(one);
    }

    @Test
    void aCallOfMoreKeysThanThereIsRoomForIsDecided() {
        try (InMemoryRateLimitStore one = InMemoryRateLimitStore.create(nanos::get, 1)) {
            List<Charge> two = List.of(new Charge(TEN, "a", 5_000), new Charge(TEN, "b", 5_000));
            assertThat(one.decide(two, Duration.ZERO).admitted()).isTrue();
            assertThat(one.decide(List.of(new Charge(TEN, "a", 6_000), new Charge(TEN, "b", 6_000)), Duration.ZERO)
                            .admitted())
                    .isFalse();
            assertThat(one.keys()).isLessThanOrEqualTo(1);
        }
    }

    @Test
    void longKeysAreDistinguishedByADigest() {
        String longest = "x".repeat(1_000_000);
        take(TEN, longest, 10);
        assertThat(take(TEN, longest, 1).admitted()).isFalse();
        assertThat(take(TEN, longest + "y", 1).admitted()).isTrue();
        assertThat(take(TEN, "\ud800" + longest, 1).admitted()).isTrue();
        assertThat(take(TEN, "\ud801" + longest, 10).admitted()).isTrue();
        store.reset(TEN, longest);
        assertThat(take(TEN, longest, 10).admitted()).isTrue();
    }

    @Test
    void keysOfOneDecisionThatShareABucketAddUp() {
        exhaust("a", "b", "c", "d");
        List<Charge> few = new ArrayList<>();
        List<Charge> moreThanAllSharedBucketsHold = new ArrayList<>();
        for (int i = 0; i < 10 * 1024 + 1; i++) {
            moreThanAllSharedBucketsHold.add(new Charge(TEN, "new-" + i, 1000));
        }
        for (int i = 0; i < 1_000; i++) {
            few.add(new Charge(TEN, "new-" + i, 1));
        }
        Decision rejected = store.decide(Charge.merged(moreThanAllSharedBucketsHold), Duration.ZERO);
        assertThat(rejected.admitted()).isFalse();
        assertThat(rejected.remaining()).isBetween(0.0, 1.0);
        assertThatThrownBy(rejected::orThrow).isInstanceOf(RateLimitExceededException.class);
        assertThat(store.decide(Charge.merged(few), Duration.ZERO).remaining()).isBetween(9.0, 9.999);
    }

    @Test
    void aBucketIsFullAfterYears() {
        Limit fast = Limit.of("fast", "1000000000/s");
        take(fast, "fast", 1_000_000_000);
        take(SEVERAL, "slow", 10);
        take(PORTIONS, "portions", 10);
        advance(Duration.ofDays(20_000));
        assertThat(take(fast, "fast", 0).remaining()).isEqualTo(1_000_000_000);
        assertThat(take(SEVERAL, "slow", 10).admitted()).isTrue();
        assertThat(take(PORTIONS, "portions", 10).admitted()).isTrue();
        assertThat(take(fast, "fast", 1_000_000_000).admitted()).isTrue();
        assertThat(take(fast, "fast", 1).admitted()).isFalse();
        assertThat(take(fast, "fast", 1).retryAfter()).contains(Duration.ofNanos(1_000));
    }

    /** Its units overflow a word within a millisecond. */
    @Test
    void aBucketThatIsFullAgainInAMicrosecondIsFullAfterOne() {
        Limit fastest = Limit.of("fastest", "9000000000000.001/s burst 1");
        for (long now : List.of(600_000L, 900_000L, 1_000_000_000L, 10_000_000_000L)) {
            nanos.set(now);
            assertThat(take(fastest, "key", 1).admitted()).isTrue();
        }
        advance(Duration.ofMillis(1));
        store.sweep();
        assertThat(store.keys()).isZero();
    }

    @Test
    @Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void aFailedCallLeavesTheBucketUnchanged() {
        AtomicBoolean broken = new AtomicBoolean();
        InMemoryRateLimitStore failing = InMemoryRateLimitStore.create(
                () -> {
                    if (broken.get()) {
                        throw new IllegalStateException("no time");
                    }
                    return 0;
                },
                10);
        List<Charge> charges = Stream.of(TEN, SEVERAL, PORTIONS)
                .map(limit -> new Charge(limit, "key", 1_000))
                .toList();
        Decision taken = failing.decide(charges, Duration.ZERO);
        Charge stranger = new Charge(Limit.of("ten", "10/s"), "other", 1_000);
        failing.decide(stranger);
        assertThatThrownBy(() -> failing.refund(taken, List.of(charges.get(0), stranger)))
                .hasMessageContaining("No charge of limit");
        broken.set(true);
        for (Charge charge : charges) {
            assertThatThrownBy(() -> failing.decide(charge)).hasMessage("no time");
        }
        assertThatThrownBy(failing::sweep).hasMessage("no time");
        broken.set(false);
        for (Charge charge : charges) {
            assertThat(failing.decide(charge).remaining()).isEqualTo(8);
        }
        assertThat(failing.decide(stranger).remaining()).isEqualTo(8);
        failing.close();
    }

    @Test
    void aFullBucketOfAnotherConfigurationIsFull() {
        take(TEN, "key", 1);
        advance(Duration.ofSeconds(1));
        assertThat(take(Limit.of("ten", "20/s"), "key", 1).remaining()).isEqualTo(19);
    }

    @Test
    void aFreeCallDoesNotConvertABucketOfAnotherConfiguration() {
        Limit twenty = Limit.of("ten", "20/s");
        take(twenty, "key", 5);
        take(TEN, "key", 0);
        take(TEN, "key", 11);
        exhaustKey("other");
        store.decide(
                Charge.merged(List.of(new Charge(TEN, "key", 1000), new Charge(TEN, "other", 1000))), Duration.ZERO);
        assertThat(take(twenty, "key", 1).remaining()).isEqualTo(14);
    }

    @Test
    void theSweeperThreadEndsWithTheStore() {
        Set<Thread> before = Thread.getAllStackTraces().keySet();
        InMemoryRateLimitStore other = InMemoryRateLimitStore.create();
        other.decide(new Charge(TEN, "key", 1000));
        other.decide(new Charge(TEN, "other", 1000));
        assertThat(sweepersSince(before)).hasSize(1);
        other.close();
        await().untilAsserted(() -> assertThat(sweepersSince(before)).isEmpty());
    }

    private static List<Thread> sweepersSince(Set<Thread> before) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> !before.contains(thread))
                .filter(thread -> thread.getName().equals("ratelimit-sweeper"))
                .toList();
    }

    private void exhaust(String... keys) {
        for (String key : keys) {
            exhaustKey(key);
        }
    }

    private void exhaustKey(String key) {
        assertThat(take(TEN, key, 10).admitted()).isTrue();
    }

    private Decision take(Limit limit, String key, long tokens) {
        return store.decide(new Charge(limit, key, tokens * 1000));
    }

    private void advance(Duration time) {
        nanos.addAndGet(time.toNanos());
    }
}
