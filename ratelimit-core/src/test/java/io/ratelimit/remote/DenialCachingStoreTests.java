package io.ratelimit.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.DecisionSource;
import io.ratelimit.Limit;
import io.ratelimit.StoreUnavailableException;
import io.ratelimit.UnreliableStore;
import io.ratelimit.algorithm.Algorithm;
import io.ratelimit.algorithm.Refill;
import io.ratelimit.memory.InMemoryRateLimitStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The remote store is in memory, on the same virtual clock, so that each answer can be compared with its own. */
class DenialCachingStoreTests {

    private static final Limit TEN_A_SECOND = Limit.of("ten", "10/s");
    private static final Limit TEN_A_DAY = Limit.of("day", "10/1d");
    private static final Limit COUNTED = Limit.named("counted")
            .rates("10/1d")
            .algorithm(Algorithm.FIXED_WINDOW)
            .build();
    private static final Limit LOGGED = Limit.named("logged")
            .rates("10/1d")
            .algorithm(Algorithm.SLIDING_WINDOW)
            .build();
    private static final List<Limit> KINDS = List.of(
            TEN_A_SECOND,
            TEN_A_DAY,
            COUNTED,
            LOGGED,
            Limit.of("rates", "10/1s", "20/1m"),
            Limit.named("portions")
                    .rates("3/1s burst 10")
                    .refill(Refill.INTERVAL)
                    .build(),
            Limit.named("counter")
                    .rates("10/1s")
                    .algorithm(Algorithm.SLIDING_WINDOW_COUNTER)
                    .build());

    private final AtomicLong clock = new AtomicLong(1_700_000_000_123_456_789L);
    private final InMemoryRateLimitStore exact = InMemoryRateLimitStore.create(clock::get, 1_000_000);
    private final UnreliableStore remote = new UnreliableStore(exact);
    private final DenialCachingStore store = new DenialCachingStore(remote, clock::get);

    @Test
    void callsOfADeniedKeyReachTheStoreOnceASecond() {
        for (Limit limit : List.of(TEN_A_DAY, COUNTED, LOGGED)) {
            take(limit, 10);
            int before = remote.decisions.get();
            for (int i = 0; i < 5_000; i++) {
                assertThat(take(limit, 1).admitted()).isFalse();
                advance(Duration.ofMillis(1));
            }
            assertThat(remote.decisions.get() - before).as(limit.name()).isEqualTo(5);
        }
    }

    @Test
    void aRemovedLimitHasNoCachedDenials() {
        take(TEN_A_DAY, 10);
        assertThat(take(TEN_A_DAY, 1).admitted()).isFalse();
        store.limitRemoved(TEN_A_DAY);
        assertThat(take(TEN_A_DAY, 10).admitted()).isTrue();
    }

    @Test
    void cachedAnswersEqualThoseOfTheStore() {
        for (Limit limit : KINDS) {
            take(limit, 9.5);
            advance(Duration.ofMillis(33));
            take(limit, 5);
            int before = remote.decisions.get();
            for (int i = 0; i < 50; i++) {
                advance(Duration.ofNanos(123_457));
                Decision cached = take(limit, 5);
                assertThat(cached.statuses())
                        .as(limit.name())
                        .isEqualTo(exact.decide(charge(limit, 5)).statuses());
                assertThat(cached.admitted()).isFalse();
                assertThat(cached.source()).isEqualTo(DecisionSource.STORE);
                assertThat(cached.admits(0)).isFalse();
                assertThat(cached.charges()).containsExactly(charge(limit, 5));
            }
            assertThat(remote.decisions.get()).as(limit.name()).isEqualTo(before);
        }
    }

    @Test
    void aCallThatMayFitReachesTheStore() {
        for (Limit limit : KINDS) {
            take(limit, 10);
            Duration retry = take(limit, 1).retryAfter().orElseThrow();
            int before = remote.decisions.get();
            assertThat(take(limit, 0).admitted()).isTrue();
            assertThat(remote.decisions.get()).as(limit.name()).isEqualTo(before + 1);
            advance(retry);
            assertThat(take(limit, 1).admitted()).as(limit.name()).isTrue();
            store.reset(limit, "key");
        }
        take(TEN_A_SECOND, 9.5);
        assertThat(take(TEN_A_SECOND, 1).admitted()).isFalse();
        assertThat(take(TEN_A_SECOND, 0.5).admitted()).isTrue();
    }

    @Test
    void eachCostOfASlidingWindowLogReachesTheStore() {
        take(LOGGED, 10);
        take(LOGGED, 2);
        int before = remote.decisions.get();
        take(LOGGED, 2);
        assertThat(remote.decisions.get()).isEqualTo(before);
        take(LOGGED, 3);
        assertThat(remote.decisions.get()).isEqualTo(before + 1);
    }

    @Test
    void aCallThatMayWaitLongEnoughReachesTheStore() {
        take(TEN_A_SECOND, 10);
        Charge charge = charge(TEN_A_SECOND, 1);
        assertThat(store.decide(List.of(charge), Duration.ofMillis(99)).admitted())
                .isFalse();
        int before = remote.decisions.get();
        assertThat(store.decide(List.of(charge), Duration.ofMillis(98)).admitted())
                .isFalse();
        assertThat(remote.decisions.get()).isEqualTo(before);
        assertThat(store.decide(List.of(charge), Duration.ofMillis(100)).admitted())
                .isTrue();
        assertThat(take(TEN_A_SECOND, 1).retryAfter()).contains(Duration.ofMillis(200));
    }

    @Test
    void aCostAboveTheCapacityIsRejectedPermanently() {
        take(TEN_A_SECOND, 11);
        int before = remote.decisions.get();
        Decision never = take(TEN_A_SECOND, 12);
        assertThat(never.isPermanent()).isTrue();
        assertThat(remote.decisions.get()).isEqualTo(before);
        assertThat(take(TEN_A_SECOND, 10).admitted()).isTrue();
    }

    @Test
    void afterASecondOneCallReachesTheStoreWhileTheOthersAreRejected() {
        exhaust();
        advance(Duration.ofMillis(1001));
        remote.reply = new CompletableFuture<>();
        int before = remote.decisions.get();
        CompletableFuture<Decision> asking = takeAsync();
        assertThat(asking).isNotDone();
        for (int i = 0; i < 100; i++) {
            assertThat(takeAsync()).isCompletedWithValueMatching(decision -> !decision.admitted());
        }
        assertThat(remote.decisions.get()).isEqualTo(before + 1);
        remote.reply.complete(null);
        assertThat(asking.join().admitted()).isFalse();
        assertThat(takeAsync()).isDone();
        assertThat(remote.decisions.get()).isEqualTo(before + 1);
    }

    @Test
    void withoutAnAnswerForAnotherSecondEveryCallReachesTheStore() {
        exhaust();
        advance(Duration.ofMillis(1001));
        remote.reply = new CompletableFuture<>();
        takeAsync();
        assertThat(takeAsync()).isDone();
        advance(Duration.ofMillis(1000));
        assertThat(takeAsync()).isNotDone();
        assertThat(takeAsync()).isNotDone();
    }

    @Test
    void aRefundByAnotherNodeIsNoticedAfterASecond() {
        Decision elsewhere = exact.decide(charge(TEN_A_DAY, 10));
        assertThat(take(TEN_A_DAY, 1).admitted()).isFalse();
        exact.refund(elsewhere, elsewhere.charges());
        advance(Duration.ofMillis(999));
        assertThat(take(TEN_A_DAY, 1).admitted()).isFalse();
        advance(Duration.ofMillis(1));
        assertThat(take(TEN_A_DAY, 1).admitted()).isTrue();
    }

    @Test
    void aRefundOrResetByThisNodeIsNoticedAtOnce() {
        for (Limit limit : List.of(TEN_A_DAY, COUNTED, LOGGED)) {
            Decision taken = take(limit, 10);
            assertThat(take(limit, 1).admitted()).isFalse();
            store.refund(taken, taken.charges());
            assertThat(take(limit, 10).admitted()).as(limit.name()).isTrue();
            assertThat(take(limit, 1).admitted()).isFalse();
            store.reset(limit, "key");
            assertThat(take(limit, 1).admitted()).as(limit.name()).isTrue();
        }
    }

    @Test
    void debitsAndAdmittedCallsCountAtOnce() {
        Decision taken = take(TEN_A_SECOND, 8);
        assertThat(take(TEN_A_SECOND, 3).retryAfter()).contains(Duration.ofMillis(100));
        assertThat(take(TEN_A_SECOND, 1).admitted()).isTrue();
        assertThat(take(TEN_A_SECOND, 3).retryAfter()).contains(Duration.ofMillis(200));
        store.debit(taken, List.of(charge(TEN_A_SECOND, 2)));
        assertThat(take(TEN_A_SECOND, 3).retryAfter()).contains(Duration.ofMillis(400));
    }

    @Test
    void aDenialFromBeforeARefundIsNotCachedAfterIt() {
        Decision taken = take(TEN_A_DAY, 10);
        remote.reply = new CompletableFuture<>();
        CompletableFuture<Void> answered = remote.reply;
        CompletableFuture<Decision> rejected = takeAsync();
        remote.reply = CompletableFuture.completedFuture(null);
        store.refund(taken, taken.charges());
        answered.complete(null);
        assertThat(rejected.join().admitted()).isFalse();
        assertThat(takeAsync().join().admitted()).isTrue();
    }

    @Test
    void aDenialDuringARefundIsNotCachedAfterIt() {
        Decision taken = take(TEN_A_DAY, 10);
        remote.reply = new CompletableFuture<>();
        CompletableFuture<Void> answered = remote.reply;
        store.refund(taken, List.of(charge(TEN_A_DAY, 1)));
        remote.reply = CompletableFuture.completedFuture(null);
        assertThat(take(TEN_A_DAY, 2).admitted()).isFalse();
        int before = remote.decisions.get();
        answered.complete(null);
        take(TEN_A_DAY, 2);
        assertThat(remote.decisions.get()).isEqualTo(before + 1);
    }

    @Test
    void afterAFailureEveryCallReachesTheStoreUntilItAnswers() {
        exhaust();
        remote.failure = new StoreUnavailableException("down", null);
        assertThatThrownBy(() -> store.decide(new Charge(TEN_A_DAY, "other", 1_000)))
                .isInstanceOf(StoreUnavailableException.class);
        assertThatThrownBy(() -> take(TEN_A_DAY, 1)).isInstanceOf(StoreUnavailableException.class);
        assertThat(takeAsync()).isCompletedExceptionally();
        remote.failure = null;
        exhaust();
        int before = remote.decisions.get();
        take(TEN_A_DAY, 1);
        assertThat(remote.decisions.get()).isEqualTo(before);
    }

    @Test
    void callsOfSeveralChargesOrLeasesAlwaysReachTheStore() {
        Limit exports =
                Limit.named("exports").maxConcurrent(1, Duration.ofSeconds(30)).build();
        assertThat(store.decide(new Charge(exports, "key", 1_000)).admitted()).isTrue();
        exhaust();
        int before = remote.decisions.get();
        List<Charge> several = Charge.merged(List.of(charge(TEN_A_DAY, 1), charge(TEN_A_SECOND, 1)));
        for (int i = 0; i < 10; i++) {
            assertThat(store.decide(several, Duration.ZERO).admitted()).isFalse();
            assertThat(store.decide(new Charge(exports, "key", 1_000)).admitted())
                    .isFalse();
        }
        assertThat(remote.decisions.get()).isEqualTo(before + 20);
        take(TEN_A_DAY, 1);
        assertThat(remote.decisions.get())
                .as("after a part may have been refunded")
                .isEqualTo(before + 21);
    }

    @Test
    void aReconfiguredLimitIsNotCachedUntilAllOldBucketsAreFull() {
        Limit slow = Limit.of("limit", "10/1h");
        Limit fast = Limit.of("limit", "20/1h");
        store.decide(new Charge(fast, "key", 20_000));
        store.decide(new Charge(fast, "key", 5_000));
        int before = remote.decisions.get();
        store.decide(new Charge(fast, "key", 5_000));
        assertThat(remote.decisions.get()).isEqualTo(before);
        for (int i = 0; i < 5; i++) {
            store.decide(new Charge(slow, "key", 5_000));
            store.decide(new Charge(slow, "key", 5_000));
            store.decide(new Charge(fast, "key", 5_000));
        }
        assertThat(remote.decisions.get()).isEqualTo(before + 15);
        advance(Duration.ofHours(4));
        store.decide(new Charge(fast, "key", 20_000));
        store.decide(new Charge(fast, "key", 5_000));
        before = remote.decisions.get();
        store.decide(new Charge(fast, "key", 5_000));
        assertThat(remote.decisions.get()).isEqualTo(before);
    }

    @Test
    void theNumberOfCachedKeysIsBounded() {
        int keys = 50_000;
        for (int i = 0; i < keys; i++) {
            reject("key-" + i);
        }
        int before = remote.decisions.get();
        for (int i = 0; i < keys; i++) {
            reject("key-" + i);
        }
        assertThat(remote.decisions.get() - before).isGreaterThanOrEqualTo(keys - 8_192);
        reject("hot");
        before = remote.decisions.get();
        reject("hot");
        assertThat(remote.decisions.get()).isEqualTo(before);
    }

    @Test
    void keysOfOneHashCodeTakeFourEntriesAndAreDistinguished() {
        List<String> keys = IntStream.range(0, 64)
                .mapToObj(i -> IntStream.range(0, 6)
                        .mapToObj(bit -> (i >> bit & 1) == 0 ? "Aa" : "BB")
                        .reduce("", String::concat))
                .toList();
        assertThat(keys.stream().mapToInt(String::hashCode).distinct()).hasSize(1);
        keys.forEach(this::reject);
        int before = remote.decisions.get();
        keys.subList(60, 64).forEach(this::reject);
        assertThat(remote.decisions.get()).isEqualTo(before);
        assertThat(store.decide(new Charge(TEN_A_DAY, "AaAaAaAaAaAaAa", 1_000)).admitted())
                .isTrue();
    }

    @Test
    void callsOfALongKeyAlwaysReachTheStore() {
        reject("k".repeat(200));
        reject("k".repeat(201));
        int before = remote.decisions.get();
        reject("k".repeat(200));
        assertThat(remote.decisions.get()).isEqualTo(before);
        reject("k".repeat(201));
        assertThat(remote.decisions.get()).isEqualTo(before + 1);
    }

    /** Other nodes charge the keys all the time, and calls take a random time to the store and back. */
    @Test
    void rejectsNoCallThatTheStoreWouldAdmit() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        remote.transit = () -> clock.addAndGet(random.nextInt(3_000_000));
        List<Decision> taken = new ArrayList<>();
        int cached = 0;
        for (int i = 0; i < 200_000; i++) {
            Limit limit = KINDS.get(random.nextInt(KINDS.size()));
            Charge charge = charge(limit, random.nextBoolean() ? 1 : random.nextInt(12_000) / 1000.0);
            Duration maxWait =
                    limit.canWait() ? Duration.ofMillis(Math.max(0, random.nextInt(400) - 300)) : Duration.ZERO;
            switch (random.nextInt(40)) {
                case 0 -> exact.decide(charge(limit, random.nextInt(3)));
                case 1 -> store.reset(limit, "key");
                case 2 -> {
                    if (!taken.isEmpty()) {
                        Decision returned = taken.remove(random.nextInt(taken.size()));
                        store.refund(returned, returned.charges());
                    }
                }
                case 3, 4, 5, 6 -> clock.addAndGet(random.nextInt(200_000_000));
                case 7 -> clock.addAndGet(random.nextInt(2_000_000_000));
                default -> clock.addAndGet(random.nextInt(1_500));
            }
            int before = remote.decisions.get();
            Decision decision = store.decide(List.of(charge), maxWait);
            if (decision.admitted()) {
                taken.add(decision);
            } else if (remote.decisions.get() == before) {
                cached++;
                assertThat(exact.decide(List.of(charge), maxWait).admitted())
                        .as("seed %d, decision %d, %s within %s: %s", seed, i, charge, maxWait, decision)
                        .isFalse();
            }
        }
        assertThat(cached).isGreaterThan(20_000);
    }

    private void exhaust() {
        take(TEN_A_DAY, 10);
        assertThat(take(TEN_A_DAY, 1).admitted()).isFalse();
    }

    private void reject(String key) {
        clock.incrementAndGet();
        assertThat(store.decide(new Charge(TEN_A_DAY, key, 11_000)).admitted()).isFalse();
    }

    private Decision take(Limit limit, double tokens) {
        return store.decide(charge(limit, tokens));
    }

    private CompletableFuture<Decision> takeAsync() {
        return store.decideAsync(List.of(charge(TEN_A_DAY, 1)), Duration.ZERO).toCompletableFuture();
    }

    private static Charge charge(Limit limit, double tokens) {
        return new Charge(limit, "key", Math.round(tokens * 1000));
    }

    private void advance(Duration time) {
        clock.addAndGet(time.toNanos());
    }
}
