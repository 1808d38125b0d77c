package io.ratelimit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.ratelimit.algorithm.LeaseState;
import io.ratelimit.memory.InMemoryRateLimitStore;
import java.time.Duration;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class LeaseRenewalsTests {

    private static final Duration LEASE = Duration.ofSeconds(2);
    private static final Duration LONG = Duration.ofMinutes(10);

    private final List<Decision> lost = new CopyOnWriteArrayList<>();
    private final CountingStore store = new CountingStore();
    private final RateLimiterRegistry registry = new RateLimiterRegistry(store, List.of(new RateLimitListener() {
        @Override
        public void onLost(Decision decision) {
            lost.add(decision);
        }
    }));
    private final RateLimiter two =
            registry.define(Limit.named("two").maxConcurrent(2, LEASE).build());
    private final RateLimiter one = registry.define(
            Limit.named("one").maxConcurrent(1, LEASE).maxWait(LONG).build());
    private final RateLimiter hourly = registry.define(Limit.of("hourly", "3/1h"));

    @AfterEach
    void close() {
        registry.close();
    }

    @Test
    void aPermitIsHeldBeyondItsLeaseTimeUntilItIsClosed() throws Exception {
        try (Permit permit = two.hold("key")) {
            Permit other = two.hold("key");
            TimeUnit.MILLISECONDS.sleep(3 * LEASE.toMillis() / 2);
            assertThat(two.tryAcquire("key").admitted()).isFalse();
            assertThat(permit.isLost()).isFalse();
            assertThat(permit.decision().admitted()).isTrue();
            other.close();
            other.close();
            assertThat(two.peek("key").remaining()).isEqualTo(1);
        }
        assertThat(two.peek("key").remaining()).isEqualTo(2);
        assertThat(lost).isEmpty();
    }

    @Test
    void aRejectionNamesTheLimitThatIsFull() {
        try (Permit first = two.hold("key");
                Permit second = two.hold("key")) {
            assertThat(first.decision()).isNotSameAs(second.decision());
            assertThatThrownBy(() -> two.hold("key"))
                    .isInstanceOf(RateLimitExceededException.class)
                    .hasMessageStartingWith(
                            "Rate limit \"two\" (2 at once) exceeded: cost 1, remaining 0, retry after ");
            assertThatThrownBy(() -> registry.hold(List.of(two.charge("key", 1)), Duration.ofMillis(50)))
                    .isInstanceOf(RateLimitExceededException.class)
                    .hasMessageEndingWith(", not free within the max-wait of 50ms");
            assertThatThrownBy(() -> two.holdAsync("key").join()).hasCauseInstanceOf(RateLimitExceededException.class);
        }
    }

    @Test
    void aTaskHoldsItsLeasesWhileItRuns() throws Exception {
        assertThat(two.call("key", () -> two.peek("key").remaining())).isEqualTo(1);
        assertThatThrownBy(() -> two.call("key", () -> {
                    throw new IllegalArgumentException("broken");
                }))
                .hasMessage("broken");
        CompletableFuture<String> endless = new CompletableFuture<>();
        CompletableFuture<String> begun =
                registry.callAsync(List.of(two.charge("key", 2), hourly.charge("key", 1)), () -> endless);
        assertThat(two.peek("key").remaining()).isZero();
        begun.cancel(true);
        assertThat(endless).isCancelled();
        assertThat(two.peek("key").remaining()).isEqualTo(2);
        assertThat(hourly.peek("key").remaining()).isEqualTo(2);
    }

    @Test
    void queuedCallsAreAdmittedInOrderWhenACallEndsWithoutPolling() {
        List<Integer> order = new CopyOnWriteArrayList<>();
        Permit running = one.hold("key");
        List<CompletableFuture<Permit>> waiting = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            int number = i;
            waiting.add(one.holdAsync("key").whenComplete((permit, failure) -> order.add(number)));
        }
        store.decisions.set(0);
        running.close();
        for (CompletableFuture<Permit> next : waiting) {
            Permit permit = next.join();
            assertThat(permit.decision().waited()).isPositive();
            permit.close();
        }
        assertThat(order).isSorted().hasSize(20);
        assertThat(store.decisions.get()).isBetween(20, 60);
    }

    @Test
    void aCallLeavesTheQueueWhenItIsInterruptedOrCancelledOrItsWaitEnds() throws Exception {
        Permit running = one.hold("key");
        FutureTask<Boolean> interrupted = new FutureTask<>(() -> {
            assertThatThrownBy(() -> one.hold("key")).isInstanceOf(CancellationException.class);
            return Thread.currentThread().isInterrupted();
        });
        Thread thread = new Thread(interrupted);
        thread.start();
        await().until(() -> store.queued.get() == 1);
        CompletableFuture<Permit> cancelled = one.holdAsync("key");
        CompletableFuture<Decision> late = one.acquireAsync("key", 1, Duration.ofMillis(100));
        CompletableFuture<Permit> last = one.holdAsync("key");
        thread.interrupt();
        cancelled.cancel(true);
        assertThat(interrupted.get()).isTrue();
        assertThat(late.join().admitted()).isFalse();
        assertThat(last).isNotDone();
        running.close();
        last.join().close();
        await().untilAsserted(() -> assertThat(one.peek("key").remaining()).isEqualTo(1));
    }

    @Test
    void aCallWithoutEnoughTokensWhenItsTurnComesIsRejectedAndHoldsNoLease() throws Exception {
        Permit running = one.hold("key");
        hourly.tryAcquire("key", 3);
        CompletableFuture<Decision> both =
                registry.acquireAsync(List.of(one.charge("key", 1), hourly.charge("key", 1)), LONG);
        assertThat(both).isNotDone();
        running.close();
        assertThat(both.get(10, TimeUnit.SECONDS).rejectedBy().orElseThrow().limit())
                .isEqualTo(hourly.limit());
        assertThat(one.peek("key").remaining()).isEqualTo(1);
    }

    @Test
    void aCallWhoseTurnComesTooLateIsRejectedAndHoldsNoLease() {
        Permit running = one.hold("key");
        CompletableFuture<Decision> late = one.acquireAsync("key", 1, Duration.ofMillis(100));
        store.replyAfterMillis = 1_000;
        running.close();
        assertThat(late.join().admitted()).isFalse();
        await().untilAsserted(() -> assertThat(one.peek("key").remaining()).isEqualTo(1));
    }

    @Test
    void aQueuedCallLeavesTheQueueWhenTheStoreFails() {
        Permit running = one.hold("key");
        CompletableFuture<Permit> failed = one.holdAsync("key");
        store.failure = new StoreUnavailableException("cut off", null);
        running.close();
        assertThatThrownBy(failed::join).hasCause(store.failure);
        await().untilAsserted(() -> assertThat(one.peek("key").remaining()).isEqualTo(1));
    }

    @Test
    void aPermitIsLostWhenItsKeyIsReset() {
        Permit permit = two.hold("key");
        two.reset("key");
        await().until(permit::isLost);
        assertThat(lost).containsExactly(permit.decision());
        permit.close();
        assertThat(two.peek("key").remaining()).isEqualTo(2);
    }

    @Test
    void aPermitIsLostWhenTheStoreIsUnavailableForALeaseTime() {
        Permit permit = two.hold("key");
        store.failing = true;
        await().until(permit::isLost);
        await().until(() -> lost.size() == 1);
        store.failing = false;
        permit.close();
        assertThat(lost).containsExactly(permit.decision());
    }

    @Test
    void aQueuedCallIsAdmittedSoonAfterALeaseExpires() {
        Limit limit = one.limit();
        store.decide(new Charge(limit, "key", 1_000));
        long start = System.nanoTime();
        one.hold("key").close();
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isBetween(LEASE.minusMillis(50), LEASE.plusSeconds(5));
    }

    @Test
    void refundAndReleaseBothEndALease() {
        Decision taken = registry.tryAcquire(List.of(two.charge("key", 1), hourly.charge("key", 2)));
        registry.refund(taken);
        assertThat(two.peek("key").remaining()).isEqualTo(2);
        assertThat(hourly.peek("key").remaining()).isEqualTo(3);
        Decision other = registry.tryAcquire(List.of(two.charge("key", 1), hourly.charge("key", 2)));
        assertThatThrownBy(() -> registry.settle(other, List.of(two.charge("key", 2))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("counts calls while they run");
        registry.settle(other, List.of(hourly.charge("key", 1)));
        assertThat(two.peek("key").remaining()).isEqualTo(1);
        registry.release(other);
        registry.release(other);
        assertThat(two.peek("key").remaining()).isEqualTo(2);
        assertThat(hourly.peek("key").remaining()).isEqualTo(2);
    }

    @Test
    void aCallOfCostZeroHoldsNoLease() throws Exception {
        Decision free = registry.tryAcquire(List.of(two.charge("key", 0), hourly.charge("key", 1)));
        assertThat(free.isLeased()).isFalse();
        assertThat(free.leases()).isEmpty();
        try (Permit permit = registry.hold(List.of(two.charge("key", 0)), LONG)) {
            TimeUnit.MILLISECONDS.sleep(LEASE.toMillis());
            assertThat(permit.isLost()).isFalse();
        }
        assertThat(lost).isEmpty();
    }

    /**
     * Cancels at each of the reads of the decision, of which there are more than ten while the call enters the queue.
     */
    @Test
    void aCallThatIsCancelledWhileItsDecisionIsReadIsNotRenewed() {
        Permit running = one.hold("key");
        AtomicInteger cancelled = new AtomicInteger();
        for (int moment = 1; moment <= 50; moment++) {
            store.later = new CompletableFuture<>();
            CompletableFuture<Decision> asked = one.acquireAsync("key");
            store.later.complete(whenRead(store.last, moment, () -> {
                cancelled.incrementAndGet();
                asked.cancel(true);
            }));
            asked.cancel(true);
        }
        assertThat(cancelled).hasValueBetween(10, 49);
        running.close();
        await().until(() -> {
            int before = store.renewals.get();
            TimeUnit.MILLISECONDS.sleep(LEASE.toMillis() / 2);
            return store.renewals.get() == before;
        });
    }

    /** Returns the same decision with charges that run an action when they are read for the nth time. */
    private static Decision whenRead(Decision decision, int nth, Runnable action) {
        AtomicInteger times = new AtomicInteger();
        List<Charge> watched = new AbstractList<>() {
            @Override
            public Charge get(int index) {
                if (times.incrementAndGet() == nth) {
                    action.run();
                }
                return decision.charges().get(index);
            }

            @Override
            public int size() {
                return decision.charges().size();
            }
        };
        return Decision.of(watched, decision.maxWait(), decision.admitted(), decision.observations());
    }

    @Test
    void aChargeThatIsUsedAgainGetsAnotherLease() {
        List<Charge> charges = List.of(two.charge("key", 1));
        assertThat(registry.tryAcquire(charges).admitted()).isTrue();
        assertThat(registry.tryAcquire(charges).admitted()).isTrue();
        assertThat(registry.tryAcquire(charges).admitted()).isFalse();
    }

    @Test
    void closingEndsQueuedCallsAndTheTimerThread() throws Exception {
        Set<Thread> before = Thread.getAllStackTraces().keySet();
        one.hold("key");
        List<CompletableFuture<Permit>> waiting = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            waiting.add(one.holdAsync("key"));
        }
        long start = System.nanoTime();
        registry.close();
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(2));
        for (CompletableFuture<Permit> waiter : waiting) {
            assertThatThrownBy(waiter::join)
                    .satisfiesAnyOf(
                            failure -> assertThat(failure).isInstanceOf(CancellationException.class),
                            failure -> assertThat(failure)
                                    .isInstanceOf(CompletionException.class)
                                    .hasCauseInstanceOf(CancellationException.class));
        }
        await().until(() -> Thread.getAllStackTraces().keySet().stream()
                .noneMatch(
                        thread -> !before.contains(thread) && thread.getName().equals("ratelimit-timer")));
    }

    /** A store in memory that counts its calls, and can fail or delay them. */
    private static final class CountingStore extends ForwardingRateLimitStore {

        final AtomicInteger decisions = new AtomicInteger();
        final AtomicInteger queued = new AtomicInteger();
        volatile boolean failing;
        volatile StoreUnavailableException failure;
        final AtomicInteger renewals = new AtomicInteger();
        volatile long replyAfterMillis;
        volatile CompletableFuture<Decision> later;
        volatile Decision last;

        CountingStore() {
            super(InMemoryRateLimitStore.create());
        }

        @Override
        public Decision decide(List<Charge> charges, Duration maxWait) {
            decisions.incrementAndGet();
            Decision decision = super.decide(charges, maxWait);
            queued.addAndGet(decision.isQueued() ? 1 : 0);
            return decision;
        }

        @Override
        public CompletionStage<Decision> decideAsync(List<Charge> charges, Duration maxWait) {
            if (failure != null) {
                return CompletableFuture.failedFuture(failure);
            }
            Decision decision = decide(charges, maxWait);
            if (later != null) {
                last = decision;
                return later;
            }
            return replyAfterMillis == 0
                    ? CompletableFuture.completedFuture(decision)
                    : CompletableFuture.supplyAsync(
                            () -> decision, CompletableFuture.delayedExecutor(replyAfterMillis, TimeUnit.MILLISECONDS));
        }

        @Override
        public CompletionStage<List<LeaseState>> renew(List<Decision> decisions) {
            renewals.incrementAndGet();
            if (failing) {
                throw new StoreUnavailableException("cut off", null);
            }
            return super.renew(decisions);
        }
    }
}
