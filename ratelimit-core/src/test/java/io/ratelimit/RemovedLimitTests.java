package io.ratelimit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ratelimit.algorithm.LeaseState;
import io.ratelimit.memory.InMemoryRateLimitStore;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Calls that were made before their limit was removed from the registry, and end after it. */
class RemovedLimitTests {

    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final Limit TEN = Limit.of("ten", "10/1d");
    private static final Limit ONE_AT_ONCE =
            Limit.named("one").maxConcurrent(1, Duration.ofSeconds(30)).build();

    private final List<String> events = new CopyOnWriteArrayList<>();
    private final InMemoryRateLimitStore store = InMemoryRateLimitStore.create();
    private final RateLimiterRegistry registry = new RateLimiterRegistry(store, List.of(new Recording()));

    @AfterEach
    void close() {
        registry.close();
    }

    @Test
    void aChargeOfARemovedLimitIsRejectedByAnException() {
        RateLimiter limiter = registry.define(TEN);
        RateLimiter other = registry.define(Limit.of("other", "10/1d"));
        Charge charge = limiter.charge("key", 1);
        List<Charge> charges = List.of(other.charge("key", 1), charge);
        registry.remove("ten");
        registry.define(TEN);

        assertThatThrownBy(() -> registry.acquire(charge, Duration.ZERO))
                .isInstanceOf(UnknownLimitException.class)
                .hasMessageStartingWith("Unknown limit \"ten\"");
        assertThatThrownBy(() -> registry.tryAcquire(charges)).isInstanceOf(UnknownLimitException.class);
        assertThatThrownBy(() -> registry.tryAcquireAsync(charges)).isInstanceOf(UnknownLimitException.class);
        assertThatThrownBy(() -> registry.acquire(charges, MINUTE)).isInstanceOf(UnknownLimitException.class);
        assertThatThrownBy(() -> registry.acquireAsync(charges, MINUTE)).isInstanceOf(UnknownLimitException.class);
        assertThatThrownBy(() -> registry.reserve(charges, MINUTE)).isInstanceOf(UnknownLimitException.class);
        assertThat(registry.get("ten").peek("key").remaining()).isEqualTo(10);
        assertThat(other.peek("key").remaining()).isEqualTo(10);
    }

    @Test
    void aLimitThatIsDefinedAgainStartsFullAndOneThatIsReplacedDoesNot() {
        registry.define(TEN).tryAcquire("key", 10);
        registry.replace(Limit.of("ten", "20/1d"));
        assertThat(registry.get("ten").peek("key").remaining()).isZero();

        registry.remove("ten");
        assertThat(registry.define(TEN).tryAcquire("key", 10).admitted()).isTrue();
    }

    @Test
    void aLimiterTellsWhetherItsLimitIsDefined() {
        RateLimiter removed = registry.define(TEN);
        assertThat(removed.isDefined()).isTrue();
        registry.remove("ten");
        RateLimiter again = registry.define(TEN);
        assertThat(removed.isDefined()).isFalse();
        assertThat(again.isDefined()).isTrue();
    }

    @Test
    void theSameLimitObjectCanBeDefinedAgain() {
        Limit limit = registry.define(TEN).limit();
        registry.remove("ten");
        RateLimiter again = registry.define(limit);
        assertThat(again.tryAcquire("key").admitted()).isTrue();
        assertThat(registry.tryAcquire(List.of(again.charge("key", 1))).remaining())
                .isEqualTo(8);
    }

    @Test
    void aRefundOfACallBeforeTheRemovalAddsNothingToTheLimitThatIsDefinedAgain() {
        Decision before = registry.define(TEN).tryAcquire("key", 10);
        registry.remove("ten");
        RateLimiter again = registry.define(TEN);
        again.tryAcquire("key", 10);
        registry.refund(before).toCompletableFuture().join();
        assertThat(again.peek("key").remaining()).isZero();
    }

    @Test
    void aDebtFromBeforeTheRemovalIsNoneOfTheLimitThatIsDefinedAgain() {
        RateLimiter limiter = registry.define(TEN);
        Decision before = limiter.tryAcquire("key", 1);
        registry.remove("ten");
        limiter.settle(before, 10).toCompletableFuture().join();
        assertThat(registry.define(TEN).peek("key").remaining()).isEqualTo(10);
    }

    @Test
    void aCallThatIsQueuedForALeaseFailsWhenItsLimitIsRemoved() {
        RateLimiter limiter = registry.define(ONE_AT_ONCE);
        Permit permit = limiter.hold("key");
        CompletableFuture<Decision> queued = limiter.acquireAsync("key", 1, MINUTE);
        assertThat(queued).isNotDone();
        registry.remove("one");
        assertThat(queued).isCompletedExceptionally();
        assertThatThrownBy(queued::join).hasCauseInstanceOf(UnknownLimitException.class);
        permit.close();
    }

    @Test
    void allQueuedCallsOfARemovedLimitFailWithOneException() {
        RateLimiter limiter = registry.define(ONE_AT_ONCE);
        limiter.hold("key");
        List<Throwable> failures = new CopyOnWriteArrayList<>();
        for (int i = 0; i < 3; i++) {
            limiter.acquireAsync("key", 1, MINUTE).whenComplete((decision, failure) -> failures.add(failure));
        }
        registry.remove("one");
        assertThat(failures).hasSize(3);
        assertThat(failures.stream().distinct()).singleElement().isInstanceOf(UnknownLimitException.class);
    }

    @Test
    void aCallThatFailsWithItsRemovedLimitMayDefineTheLimitAgain() {
        RateLimiter limiter = registry.define(ONE_AT_ONCE);
        limiter.hold("key");
        CompletableFuture<RateLimiter> again = limiter.acquireAsync("key", 1, MINUTE)
                .handle((decision, failure) -> CompletableFuture.supplyAsync(() -> registry.define(ONE_AT_ONCE))
                        .orTimeout(10, TimeUnit.SECONDS)
                        .join());
        registry.remove("one");
        assertThat(again.join().tryAcquire("key").admitted()).isTrue();
        assertThat(events).containsExactly("defined", "removed", "defined");
    }

    @Test
    void waitsEndEvenIfTheStoreFails() {
        RateLimiterRegistry failing = failing();
        RateLimiter limiter = failing.define(ONE_AT_ONCE);
        limiter.hold("key");
        CompletableFuture<Decision> queued = limiter.acquireAsync("key", 1, MINUTE);
        assertThatThrownBy(() -> failing.remove("one")).hasMessage("a store that fails on purpose");
        assertThat(queued).isCompletedExceptionally();
    }

    @Test
    void aCallWithALeaseOfARemovedLimitGoesOnAndReleasesIt() {
        Permit permit = registry.define(ONE_AT_ONCE).hold("key");
        Decision held = permit.decision();
        registry.remove("one");
        assertThat(store.renew(List.of(held)).toCompletableFuture().join()).containsExactly(LeaseState.HELD);

        RateLimiter again = registry.define(ONE_AT_ONCE);
        Permit next = again.hold("key");
        permit.close();
        assertThat(again.tryAcquire("key").admitted()).isFalse();
        next.close();
    }

    @Test
    void theLeaseOfARemovedLimitIsRenewedAndNotReportedAsLost() throws InterruptedException {
        CountDownLatch renewals = new CountDownLatch(2);
        RateLimitStore counting = new ForwardingRateLimitStore(store) {
            @Override
            public CompletionStage<List<LeaseState>> renew(List<Decision> decisions) {
                renewals.countDown();
                return super.renew(decisions);
            }
        };
        try (RateLimiterRegistry other = new RateLimiterRegistry(counting, List.of(new Recording()))) {
            Limit limit =
                    Limit.named("one").maxConcurrent(1, Duration.ofSeconds(1)).build();
            Permit permit = other.define(limit).hold("key");
            other.remove("one");
            assertThat(renewals.await(10, TimeUnit.SECONDS)).isTrue();
            permit.close();
        }
        assertThat(events).containsExactly("defined", "removed");
    }

    @Test
    void aReservationOfARemovedLimitIsGranted() {
        RateLimiter limiter = registry.define(Limit.of("fast", "1/20ms"));
        limiter.tryAcquire("key");
        CompletableFuture<Decision> reserved = limiter.acquireAsync("key", 1, MINUTE);
        registry.remove("fast");
        assertThat(reserved.join().admitted()).isTrue();
    }

    @Test
    void listenersAreNotifiedEvenIfTheStoreFails() {
        RateLimiterRegistry failing = failing();
        failing.define(TEN);
        assertThatThrownBy(() -> failing.remove("ten")).hasMessage("a store that fails on purpose");
        assertThat(failing.find("ten")).isEmpty();
        assertThat(events).containsExactly("defined", "removed");
    }

    private RateLimiterRegistry failing() {
        return new RateLimiterRegistry(
                new ForwardingRateLimitStore(store) {
                    @Override
                    public void limitRemoved(Limit limit) {
                        throw new IllegalStateException("a store that fails on purpose");
                    }
                },
                List.of(new Recording()));
    }

    private final class Recording implements RateLimitListener {

        @Override
        public void onLost(Decision decision) {
            events.add("lost");
        }

        @Override
        public void onDefined(Limit limit) {
            events.add("defined");
        }

        @Override
        public void onRemoved(Limit limit) {
            events.add("removed");
        }
    }
}
