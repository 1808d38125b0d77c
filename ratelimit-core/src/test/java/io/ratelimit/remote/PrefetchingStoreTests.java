package io.ratelimit.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.DecisionSource;
import io.ratelimit.Limit;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.RecordingStore;
import io.ratelimit.StoreUnavailableException;
import io.ratelimit.algorithm.Algorithm;
import io.ratelimit.algorithm.Refill;
import io.ratelimit.memory.InMemoryRateLimitStore;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PrefetchingStoreTests {

    private static final String KEY = "user-42";
    private static final Limit TEN_AHEAD = limit("10/s burst 100", 10);

    private final AtomicLong nanos = new AtomicLong(1_000_000_000_000L);
    private final RecordingStore remote = new RecordingStore(nanos::get);
    private final PrefetchingStore store =
            new PrefetchingStore(remote, remote, nanos::get, Duration.ofDays(1).toNanos());

    @AfterEach
    void close() {
        store.close();
    }

    @Test
    void theSecondCallOfAKeyPrefetchesAndLaterCallsDoNotReachTheStore() {
        assertThat(take(TEN_AHEAD, 1)).isTrue();
        assertThat(remote.drainCalls()).containsExactly("decide 1000");
        assertThat(take(TEN_AHEAD, 1)).isTrue();
        assertThat(remote.drainCalls()).containsExactly("decide 1000", "async 10000");
        for (int i = 0; i < 4; i++) {
            assertThat(take(TEN_AHEAD, 1)).isTrue();
        }
        assertThat(remote.drainCalls()).isEmpty();
        assertThat(store.prefetchedTokens("ahead")).isEqualTo(6);
    }

    @Test
    void theTokensOfARemovedLimitAreRefunded() {
        fill(TEN_AHEAD);
        store.limitRemoved(TEN_AHEAD);
        assertThat(remote.drainCalls()).containsExactly("refund 10000");
        assertThat(store.prefetchedTokens("ahead")).isZero();
        assertThat(take(TEN_AHEAD, 1)).isTrue();
        assertThat(remote.drainCalls()).containsExactly("decide 1000");
    }

    @Test
    void aLateCallOfARemovedLimitStartsNoPrefetch() {
        RateLimiterRegistry registry = new RateLimiterRegistry(store, List.of());
        Charge late = registry.define(TEN_AHEAD).charge(KEY, 1);
        registry.remove("ahead");
        store.decide(late);
        store.decide(late);
        assertThat(remote.drainCalls()).containsExactly("decide 1000", "decide 1000");
    }

    @Test
    void tokensThatArriveAfterTheRemovalOfTheirLimitAreRefunded() {
        remote.delaysReplies = true;
        take(TEN_AHEAD, 1);
        take(TEN_AHEAD, 1);
        store.limitRemoved(TEN_AHEAD);
        remote.drainCalls();
        remote.reply();
        assertThat(remote.drainCalls()).containsExactly("refund 10000");
    }

    @Test
    void moreTokensAreRequestedOnceHalfOfThemAreUsed() {
        fill(TEN_AHEAD);
        remote.delaysReplies = true;
        for (int i = 0; i < 5; i++) {
            assertThat(take(TEN_AHEAD, 1)).isTrue();
        }
        assertThat(remote.drainCalls()).containsExactly("async 5000");
        for (int i = 0; i < 5; i++) {
            assertThat(take(TEN_AHEAD, 1)).isTrue();
        }
        assertThat(remote.drainCalls()).isEmpty();
        assertThat(take(TEN_AHEAD, 1)).isTrue();
        assertThat(remote.drainCalls()).containsExactly("decide 1000");
        remote.reply();
        assertThat(store.prefetchedTokens("ahead")).isEqualTo(5);
    }

    @Test
    void callsThatPrefetchedTokensDoNotCoverReachTheStore() {
        fill(TEN_AHEAD);
        Charge one = new Charge(TEN_AHEAD, KEY, 1_000);
        Limit plain = Limit.of("plain", "10/s");
        take(plain, 1);
        take(plain, 1);
        store.decide(List.of(one, new Charge(plain, KEY, 1_000)), Duration.ZERO);
        store.decide(one.withCost(0));
        store.decide(one.withCost(10_001));
        assertThat(remote.drainCalls())
                .containsExactly("decide 1000", "decide 1000", "decide 1000+1000", "decide 0", "decide 10001");
        assertThat(store.prefetchedTokens("ahead")).isEqualTo(10);
        assertThat(store.prefetchedTokens("plain")).isZero();
    }

    @Test
    void aCallThatMayWaitUsesPrefetchedTokensOrReserves() {
        Duration second = Duration.ofSeconds(1);
        fill(TEN_AHEAD);
        Decision ahead = store.decide(List.of(new Charge(TEN_AHEAD, KEY, 9_000)), second);
        assertThat(ahead.admitted()).isTrue();
        assertThat(ahead.waitTime()).isZero();
        assertThat(ahead.maxWait()).isEqualTo(second);
        assertThat(remote.drainCalls()).containsExactly("async 9000");
        remote.memory.decide(new Charge(TEN_AHEAD, KEY, 79_000));
        Decision reserved = store.decide(List.of(new Charge(TEN_AHEAD, KEY, 10_001)), second);
        assertThat(reserved.admitted()).isFalse();
        Decision waits = store.decide(List.of(new Charge(TEN_AHEAD, KEY, 10_000)), second);
        assertThat(waits.waitTime()).isZero();
        Decision promised = store.decide(List.of(new Charge(TEN_AHEAD, KEY, 1_000)), second);
        assertThat(promised.waitTime()).isEqualTo(Duration.ofMillis(100));
    }

    @Test
    void anAsynchronousAnswerFromPrefetchedTokensIsComplete() {
        fill(TEN_AHEAD);
        assertThat(store.decideAsync(List.of(new Charge(TEN_AHEAD, KEY, 1_000)), Duration.ZERO))
                .isCompletedWithValueMatching(Decision::admitted);
        assertThat(remote.drainCalls()).isEmpty();
        remote.delaysReplies = true;
        var asked = store.decideAsync(List.of(new Charge(TEN_AHEAD, KEY, 50_000)), Duration.ZERO);
        assertThat(asked.toCompletableFuture()).isNotDone();
        remote.reply();
        assertThat(asked).isCompletedWithValueMatching(Decision::admitted);
    }

    static Stream<Limit> algorithms() {
        Limit.Builder windows = Limit.named("ahead").rates("100/10s").prefetch(BigDecimal.TEN);
        return Stream.of(
                TEN_AHEAD,
                limit("10/7s burst 100", 10),
                Limit.named("ahead")
                        .rates("10/s burst 100", "10000/1h")
                        .prefetch(BigDecimal.TEN)
                        .build(),
                Limit.named("ahead")
                        .rates("10/s burst 100")
                        .refill(Refill.INTERVAL)
                        .prefetch(BigDecimal.TEN)
                        .build(),
                windows.algorithm(Algorithm.SLIDING_WINDOW).build(),
                windows.algorithm(Algorithm.SLIDING_WINDOW_COUNTER).build(),
                windows.algorithm(Algorithm.FIXED_WINDOW).build());
    }

    @ParameterizedTest
    @MethodSource("algorithms")
    void remainingIsTheSumOfStoredAndPrefetchedTokens(Limit limit) {
        for (int used = 1; used <= 95; used++) {
            Decision decision = store.decide(new Charge(limit, KEY, 1_000));
            assertThat(decision.admitted()).isTrue();
            assertThat(decision.source()).isEqualTo(DecisionSource.STORE);
            assertThat(decision.remaining()).isEqualTo(100 - used);
            assertThat(decision.retryAfter()).contains(Duration.ZERO);
            assertThat(decision.waitTime()).isZero();
            assertThat(decision.charges()).containsExactly(new Charge(limit, KEY, 1_000));
            assertThat(decision.statuses()).hasSize(limit.rates().size());
        }
        assertThat(remote.drainCalls()).filteredOn("decide 1000"::equals).hasSizeLessThan(10);
    }

    @ParameterizedTest
    @MethodSource("algorithms")
    void prefetchedTokensAreRefundedAsOfTheirPrefetch(Limit limit) {
        fill(limit);
        Decision first = store.decide(new Charge(limit, KEY, 4_000));
        nanos.addAndGet(1_000_000);
        Decision second = store.decide(new Charge(limit, KEY, 4_000));
        assertThat(remote.drainCalls()).containsExactly("async 8000");
        Decision third = store.decide(new Charge(limit, KEY, 4_000));
        double before = peek(limit);
        for (Decision refunded : List.of(first, second, third)) {
            store.refund(refunded, refunded.charges());
        }
        assertThat(peek(limit)).isEqualTo(before + 12);
    }

    @Test
    void aRefundIsVoidOnceTheBucketCanHaveRefilledTheOldestTokenOfTheCall() {
        fill(TEN_AHEAD);
        nanos.addAndGet(Duration.ofMillis(9_999).toNanos());
        take(TEN_AHEAD, 5);
        remote.drainCalls();
        Decision mixed = store.decide(new Charge(TEN_AHEAD, KEY, 6_000));
        assertThat(remote.drainCalls()).containsExactly("async 6000");
        Decision fresh = store.decide(new Charge(TEN_AHEAD, KEY, 1_000));
        remote.memory.decide(new Charge(TEN_AHEAD, KEY, 50_000));
        nanos.addAndGet(Duration.ofMillis(1).toNanos());
        double before = peek(TEN_AHEAD);
        store.refund(mixed, mixed.charges());
        assertThat(peek(TEN_AHEAD)).isEqualTo(before);
        store.refund(fresh, fresh.charges());
        assertThat(peek(TEN_AHEAD)).isEqualTo(before + 1);
    }

    @Test
    void tokensThatNoCallUsedBetweenTwoIdleChecksAreRefunded() {
        fill(TEN_AHEAD);
        store.dropIdle();
        take(TEN_AHEAD, 1);
        store.dropIdle();
        assertThat(store.prefetchedTokens("ahead")).isEqualTo(9);
        remote.drainCalls();
        store.dropIdle();
        assertThat(remote.drainCalls()).containsExactly("refund 9000");
        assertThat(store.prefetchedTokens("ahead")).isZero();
        assertThat(peek(TEN_AHEAD)).isEqualTo(97);
    }

    @Test
    void unusedTokensAreRefundedInTheBackground() {
        try (PrefetchingStore looking = new PrefetchingStore(remote, remote, System::nanoTime)) {
            looking.decide(new Charge(TEN_AHEAD, KEY, 1_000));
            looking.decide(new Charge(TEN_AHEAD, KEY, 1_000));
            assertThat(looking.prefetchedTokens("ahead")).isEqualTo(10);
            await().untilAsserted(() -> assertThat(peek(TEN_AHEAD)).isEqualTo(98));
            assertThat(looking.prefetchedTokens("ahead")).isZero();
        }
    }

    @Test
    void tokensOfTwoPrefetchesAreRefundedSeparately() {
        fill(TEN_AHEAD);
        remote.delaysReplies = true;
        take(TEN_AHEAD, 5);
        nanos.addAndGet(1_000_000_000);
        remote.reply();
        take(TEN_AHEAD, 1);
        store.dropIdle();
        remote.drainCalls();
        store.dropIdle();
        assertThat(remote.drainCalls()).containsExactly("refund 5000", "refund 4000");
    }

    @Test
    void tokensWithARequestOnItsWayAreNotIdle() {
        fill(TEN_AHEAD);
        remote.delaysReplies = true;
        take(TEN_AHEAD, 10);
        store.dropIdle();
        store.dropIdle();
        remote.reply();
        assertThat(store.prefetchedTokens("ahead")).isEqualTo(10);
    }

    @Test
    void aResetFillsTheBucketAndDropsPrefetchedTokens() {
        fill(TEN_AHEAD);
        remote.drainCalls();
        store.reset(TEN_AHEAD, KEY);
        assertThat(remote.drainCalls()).containsExactly("reset");
        assertThat(store.prefetchedTokens("ahead")).isZero();
        assertThat(peek(TEN_AHEAD)).isEqualTo(100);
        store.reset(TEN_AHEAD, "somebody-else");
        store.reset(Limit.of("other", "1/s"), KEY);
    }

    @Test
    void aReconfiguredLimitPrefetchesAnew() {
        fill(TEN_AHEAD);
        remote.drainCalls();
        Limit sameCounting = Limit.named("ahead")
                .rates("10/s burst 100")
                .prefetch(BigDecimal.TEN)
                .cost(BigDecimal.valueOf(2))
                .build();
        assertThat(take(sameCounting, 1)).isTrue();
        assertThat(remote.drainCalls()).isEmpty();
        for (Limit other : List.of(limit("10/s burst 100", 20), limit("10/s burst 200", 20))) {
            assertThat(take(other, 1)).isTrue();
            assertThat(remote.drainCalls()).last().isEqualTo("decide 1000");
            assertThat(store.prefetchedTokens("ahead")).isZero();
            take(other, 1);
            assertThat(store.prefetchedTokens("ahead")).isEqualTo(20);
        }
        assertThat(remote.memory
                        .decide(new Charge(limit("10/s burst 100", 20), KEY, 0))
                        .remaining())
                .isLessThanOrEqualTo(100 - 4 - 1 - 20);
    }

    @Test
    void tokensThatArriveAfterAResetAreRefunded() {
        fill(TEN_AHEAD);
        remote.delaysReplies = true;
        take(TEN_AHEAD, 10);
        store.reset(TEN_AHEAD, KEY);
        remote.drainCalls();
        remote.reply();
        assertThat(remote.drainCalls()).containsExactly("refund 10000");
        assertThat(store.prefetchedTokens("ahead")).isZero();
    }

    @Test
    void prefetchedTokensAreRefundedBeforeTheStoreIsClosed() {
        fill(TEN_AHEAD);
        remote.drainCalls();
        store.close();
        assertThat(remote.drainCalls()).containsExactly("refund 10000", "close");
        assertThat(peek(TEN_AHEAD)).isEqualTo(98);
    }

    @Test
    void anExhaustedKeyIsPrefetchedOncePerRetryAfter() {
        remote.memory.decide(new Charge(TEN_AHEAD, KEY, 79_000));
        fill(TEN_AHEAD);
        take(TEN_AHEAD, 5);
        assertThat(peek(TEN_AHEAD)).isEqualTo(4);
        remote.drainCalls();
        assertThat(take(TEN_AHEAD, 10)).isTrue();
        assertThat(remote.drainCalls()).containsExactly("async 10000");
        for (int i = 0; i < 4; i++) {
            assertThat(take(TEN_AHEAD, 1)).isTrue();
        }
        assertThat(take(TEN_AHEAD, 1)).isFalse();
        assertThat(remote.drainCalls()).containsOnly("decide 1000").hasSize(5);
        nanos.addAndGet(Duration.ofSeconds(2).toNanos());
        take(TEN_AHEAD, 1);
        take(TEN_AHEAD, 1);
        assertThat(remote.drainCalls()).containsExactly("decide 1000", "async 10000");
        assertThat(store.prefetchedTokens("ahead")).isEqualTo(9);
    }

    @Test
    void noMoreTokensAreRequestedThanTheStoreHasLeft() {
        remote.memory.decide(new Charge(TEN_AHEAD, KEY, 89_000));
        for (int call = 0; call < 5; call++) {
            assertThat(take(TEN_AHEAD, 1)).isTrue();
        }
        assertThat(remote.drainCalls()).containsOnly("decide 1000");
    }

    @Test
    void aRejectedPrefetchIsNotRepeatedBeforeItsRetryAfter() {
        fill(TEN_AHEAD);
        remote.memory.decide(new Charge(TEN_AHEAD, KEY, 85_000));
        for (int i = 0; i < 7; i++) {
            assertThat(take(TEN_AHEAD, 1)).isTrue();
        }
        assertThat(remote.drainCalls()).containsExactly("async 5000");
        nanos.addAndGet(Duration.ofMillis(199).toNanos());
        take(TEN_AHEAD, 1);
        assertThat(remote.drainCalls()).isEmpty();
        nanos.addAndGet(Duration.ofMillis(301).toNanos());
        take(TEN_AHEAD, 1);
        assertThat(remote.drainCalls()).containsExactly("async 9000");
    }

    @Test
    void aCallThatTheStoreRejectsUsesTokensThatArrivedMeanwhile() {
        fill(TEN_AHEAD);
        remote.delaysReplies = true;
        take(TEN_AHEAD, 10);
        remote.memory.decide(new Charge(TEN_AHEAD, KEY, 78_000));
        var rejected = store.decideAsync(List.of(new Charge(TEN_AHEAD, KEY, 1_000)), Duration.ZERO);
        assertThat(peek(TEN_AHEAD)).isZero();
        remote.reply();
        assertThat(rejected).isCompletedWithValueMatching(Decision::admitted);
        assertThat(store.prefetchedTokens("ahead")).isEqualTo(9);
    }

    @Test
    void aFailedPrefetchIsRepeatedAfterASecondWhilePrefetchedTokensAreUsed() {
        fill(TEN_AHEAD);
        remote.drainCalls();
        remote.failure = new StoreUnavailableException("down", null);
        for (int i = 0; i < 10; i++) {
            assertThat(take(TEN_AHEAD, 1)).isTrue();
        }
        assertThat(remote.drainCalls()).containsExactly("async 5000");
        assertThatThrownBy(() -> take(TEN_AHEAD, 1)).isSameAs(remote.failure);
        remote.failure = null;
        nanos.addAndGet(999_999_999);
        take(TEN_AHEAD, 1);
        assertThat(store.prefetchedTokens("ahead")).isZero();
        nanos.addAndGet(1);
        take(TEN_AHEAD, 1);
        assertThat(store.prefetchedTokens("ahead")).isEqualTo(10);
    }

    @Test
    void anAnswerFromPrefetchedTokensDoesNotCloseTheCircuit() {
        RemoteRateLimitStore node = RemoteRateLimitStore.builder(remote, InMemoryRateLimitStore.create())
                .denialCache(false)
                .clock(nanos::get)
                .build();
        node.decide(new Charge(TEN_AHEAD, KEY, 1_000));
        node.decide(new Charge(TEN_AHEAD, KEY, 1_000));
        assertThat(node.prefetchedTokens("ahead")).hasValue(10);
        remote.drainCalls();
        remote.failure = new StoreUnavailableException("down", null);
        Charge one = new Charge(TEN_AHEAD, KEY, 100);
        Charge other = new Charge(Limit.of("plain", "10/s"), KEY, 1_000);
        for (int i = 0; i < 5; i++) {
            assertThat(node.decide(other).source()).isEqualTo(DecisionSource.LOCAL);
            assertThat(node.decide(one).source()).isEqualTo(DecisionSource.STORE);
            assertThat(node.decide(List.of(one), Duration.ZERO).source()).isEqualTo(DecisionSource.STORE);
            assertThat(node.decideAsync(List.of(one), Duration.ZERO)
                            .toCompletableFuture()
                            .join()
                            .source())
                    .isEqualTo(DecisionSource.STORE);
        }
        assertThat(node.outage()).contains("down");
        remote.drainCalls();
        node.decide(other);
        assertThat(remote.drainCalls()).isEmpty();
        assertThat(node.decide(one).source()).isEqualTo(DecisionSource.STORE);
    }

    @Test
    void longKeysAndKeysBeyondTenThousandAreNotPrefetched() {
        fill(TEN_AHEAD, "x".repeat(201));
        assertThat(store.prefetchedTokens("ahead")).isZero();
        for (int i = 0; i < 10_000; i++) {
            fill(TEN_AHEAD, "key-" + i);
        }
        assertThat(store.prefetchedTokens("ahead")).isEqualTo(100_000);
        fill(TEN_AHEAD);
        assertThat(store.prefetchedTokens("ahead")).isEqualTo(100_000);
        store.dropIdle();
        store.dropIdle();
        assertThat(store.prefetchedTokens("ahead")).isZero();
        fill(TEN_AHEAD);
        assertThat(store.prefetchedTokens("ahead")).isEqualTo(10);
    }

    @Test
    void threadsUseExactlyTheTokensThatTheStoreGranted() throws InterruptedException {
        Limit limit = limit("1/1d burst 20000", 50);
        LongAdder calls = new LongAdder();
        LongAdder admitted = new LongAdder();
        LongAdder rejectedCalls = new LongAdder();
        List<Thread> threads = new ArrayList<>();
        CountDownLatch start = new CountDownLatch(1);
        for (int i = 0; i < 4; i++) {
            long cost = 500L + 250 * i;
            threads.add(new Thread(() -> {
                try {
                    start.await();
                } catch (InterruptedException ex) {
                    return;
                }
                for (int call = 0; call < 10_000; call++) {
                    calls.increment();
                    if (store.decide(new Charge(limit, KEY, cost)).admitted()) {
                        admitted.add(cost);
                    } else {
                        rejectedCalls.increment();
                    }
                }
            }));
        }
        threads.forEach(Thread::start);
        start.countDown();
        for (Thread thread : threads) {
            long dropped = 0;
            while (thread.isAlive()) {
                // Two checks in a row may find the tokens idle. Every 500 calls, so that a slow machine drops no more
                // often.
                if (calls.sum() > dropped + 500) {
                    dropped = calls.sum();
                    store.dropIdle();
                    store.dropIdle();
                }
                thread.join(1);
            }
        }
        long inHand = Math.round(store.prefetchedTokens("ahead") * 1000);
        long inStore = Math.round(peek(limit) * 1000);
        assertThat(admitted.sum() + inHand + inStore).isEqualTo(20_000_000);
        assertThat(inHand).isLessThanOrEqualTo(50_000);
        long asked = remote.drainCalls().stream()
                .filter(call -> call.startsWith("decide"))
                .count();
        long admittedCalls = 40_000 - rejectedCalls.sum();
        assertThat(asked - rejectedCalls.sum())
                .as("questions for %d admitted calls; a rejected call asks once", admittedCalls)
                .isLessThan(admittedCalls / 3);
    }

    /** Makes two calls, after which the limit is fully prefetched. */
    private void fill(Limit limit) {
        fill(limit, KEY);
    }

    private void fill(Limit limit, String key) {
        store.decide(new Charge(limit, key, 1_000));
        store.decide(new Charge(limit, key, 1_000));
        remote.drainCalls();
    }

    private boolean take(Limit limit, int tokens) {
        return store.decide(new Charge(limit, KEY, tokens * 1_000L)).admitted();
    }

    private double peek(Limit limit) {
        return remote.memory.decide(new Charge(limit, KEY, 0)).remaining();
    }

    private static Limit limit(String rate, int prefetch) {
        return Limit.named("ahead")
                .rates(rate)
                .prefetch(BigDecimal.valueOf(prefetch))
                .build();
    }
}
