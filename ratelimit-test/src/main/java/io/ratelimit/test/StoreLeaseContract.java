package io.ratelimit.test;

import static io.ratelimit.test.ContractLimits.LEASE_TIME;
import static io.ratelimit.test.ContractLimits.LONG_WAIT;
import static io.ratelimit.test.ContractLimits.TWO_AT_ONCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.Limit;
import io.ratelimit.RateLimitStore;
import io.ratelimit.RateLimiter;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.algorithm.LeaseState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Checks that leases expire unless they are renewed, and that calls queue for them in order. */
abstract class StoreLeaseContract extends StoreContractSection {

    private static final Limit HOURLY = Limit.of("hourly", "10/1h");
    private static final long SEED = Long.getLong("io.ratelimit.contract.seed", System.nanoTime());

    StoreLeaseContract(TestedStore tested) {
        super(tested);
    }

    @Test
    void aRefundedLeaseIsFreeAtOnceAndOnlyOnce() {
        Decision first = tryAcquire(TWO_AT_ONCE, "key", "1");
        Decision second = tryAcquire(TWO_AT_ONCE, "key", "1");
        assertThat(second.isLeased()).isTrue();
        assertThat(tryAcquire(TWO_AT_ONCE, "key", "1").admitted()).isFalse();
        for (int times = 0; times < 3; times++) {
            refund(first, "1");
        }
        assertThat(peek(TWO_AT_ONCE, "key").remaining()).isEqualTo(1);
        refund(second, "1");
        assertThat(peek(TWO_AT_ONCE, "key").remaining()).isEqualTo(2);
        assertThat(peek(TWO_AT_ONCE, "key").resetAfter()).isZero();
    }

    @Test
    void aLeaseExpiresExactlyAfterItsLeaseTimeUnlessRenewed() {
        Decision dies = tryAcquire(TWO_AT_ONCE, "key", "1");
        Decision lives = tryAcquire(TWO_AT_ONCE, "key", "1");
        clock.advance(Duration.ofSeconds(20));
        assertThat(renew(lives)).isEqualTo(LeaseState.HELD);
        clock.advance(Duration.ofMillis(9_999));
        Decision rejected = tryAcquire(TWO_AT_ONCE, "key", "1");
        assertThat(retryAfter(rejected)).isEqualTo(Duration.ofMillis(1));
        clock.advance(Duration.ofMillis(1));
        assertThat(renew(dies)).isEqualTo(LeaseState.LOST);
        assertThat(tryAcquire(TWO_AT_ONCE, "key", "1").admitted()).isTrue();
        assertThat(renew(lives)).isEqualTo(LeaseState.HELD);
        refund(dies, "1");
        assertThat(tryAcquire(TWO_AT_ONCE, "key", "0.001").admitted())
                .as("the refund of an expired lease frees another lease")
                .isFalse();
    }

    @Test
    void queuedCallsAreServedInOrder() {
        Decision running = tryAcquire(TWO_AT_ONCE, "key", "2");
        List<Decision> queue = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            Decision queued = decide(LONG_WAIT, charge(TWO_AT_ONCE, "key", "1"));
            assertThat(queued.isQueued()).isTrue();
            assertThat(queued.waitTime()).isZero();
            queue.add(queued);
            clock.advance(Duration.ofMillis(1));
        }
        refund(running, "1");
        assertThat(queue.stream().map(this::renew))
                .containsExactly(
                        LeaseState.READY,
                        LeaseState.WAITING,
                        LeaseState.WAITING,
                        LeaseState.WAITING,
                        LeaseState.WAITING);
        assertThat(tryAcquire(TWO_AT_ONCE, "key", "0.001").admitted())
                .as("a call without a wait overtakes the queue")
                .isFalse();
        for (int i = 4; i > 0; i--) {
            assertThat(retry(queue.get(i)).admitted()).as("queued call " + i).isFalse();
        }
        assertThat(retry(queue.get(0)).admitted()).isTrue();
        refund(queue.get(1), "1");
        refund(running, "1");
        assertThat(retry(queue.get(3)).admitted()).as("overtakes a queued call").isFalse();
        assertThat(retry(queue.get(2)).admitted()).isTrue();
    }

    @Test
    void aCallThatDoesNotWaitIsNotQueued() {
        tryAcquire(TWO_AT_ONCE, "key", "2");
        Decision rejected = tryAcquire(TWO_AT_ONCE, "key", "1");
        assertThat(rejected.isQueued()).isFalse();
        assertThat(renew(rejected)).isEqualTo(LeaseState.LOST);
        Decision tooMuch = decide(LONG_WAIT, charge(TWO_AT_ONCE, "key", "3"));
        assertThat(tooMuch.isPermanent()).isTrue();
        assertThat(tooMuch.isQueued()).isFalse();
        assertThat(renew(tooMuch)).isEqualTo(LeaseState.LOST);
    }

    @Test
    void aQueuedCallExpiresUnlessRenewed() {
        Decision running = tryAcquire(TWO_AT_ONCE, "key", "2");
        Decision dies = decide(LONG_WAIT, charge(TWO_AT_ONCE, "key", "2"));
        clock.advance(Duration.ofSeconds(10));
        renew(running);
        Decision lives = decide(LONG_WAIT, charge(TWO_AT_ONCE, "key", "1"));
        clock.advance(Duration.ofMillis(19_999));
        renew(running);
        renew(lives);
        refund(running, "1");
        assertThat(renew(lives)).isEqualTo(LeaseState.WAITING);
        clock.advance(Duration.ofMillis(1));
        assertThat(renew(lives)).isEqualTo(LeaseState.READY);
        assertThat(renew(dies)).isEqualTo(LeaseState.LOST);
        assertThat(retry(lives).admitted()).isTrue();
    }

    @Test
    void aCallThatQueuesReservesNothingOfItsOtherLimits() {
        Charge[] both = {charge(TWO_AT_ONCE, "key", "1"), charge(HOURLY, "key", "4")};
        Decision first = decide(LONG_WAIT, both);
        assertThat(first.admitted()).isTrue();
        assertThat(decide(LONG_WAIT, both).admitted()).isTrue();
        if (tested.waitsForSeveralKeys()) {
            Decision queued = decide(LONG_WAIT, both);
            assertThat(queued.isQueued()).isTrue();
            assertThat(peek(HOURLY, "key").remaining())
                    .as("tokens reserved by the queued call")
                    .isEqualTo(2);
            await(store.refund(first, first.leases()));
            Decision rejected = store.decide(queued.charges(), LONG_WAIT);
            assertThat(rejected.admitted()).isFalse();
            assertThat(rejected.isQueued())
                    .as("is queued although it lacks tokens, not leases")
                    .isFalse();
            assertThat(await(store.renew(List.of(queued))))
                    .as("the lease of the rejected call")
                    .containsExactly(LeaseState.LOST);
            assertThat(store.decide(new Charge(TWO_AT_ONCE, "key", 1_000)).admitted())
                    .isTrue();
        }
    }

    @Test
    void aCallThatNeedsTwoLeasesWaitsForBoth() {
        assumeTrue(tested.waitsForSeveralKeys(), "the store decides keys of several places without a wait");
        Limit one = Limit.named("one").maxConcurrent(1, LEASE_TIME).build();
        Decision ofOne = store.decide(new Charge(one, "key", 1_000));
        Decision queued = store.decide(
                Charge.merged(List.of(new Charge(one, "key", 1_000), new Charge(TWO_AT_ONCE, "key", 2_000))),
                LONG_WAIT);
        assertThat(queued.isQueued()).isTrue();
        assertThat(store.decide(new Charge(TWO_AT_ONCE, "key", 1_000)).admitted())
                .as("a call overtakes the queue although a lease is free")
                .isFalse();
        await(store.refund(ofOne, ofOne.charges()));
        assertThat(await(store.renew(List.of(queued)))).containsExactly(LeaseState.READY);
        assertThat(store.decide(queued.charges(), LONG_WAIT).admitted()).isTrue();
    }

    @Test
    void aQueuedCallIsToldWhenItsLeaseIsReady() throws InterruptedException {
        Set<Long> told = ConcurrentHashMap.newKeySet();
        store.onLeaseReady(told::add);
        Decision running = tryAcquire(TWO_AT_ONCE, "key", "2");
        List<Decision> queue = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            queue.add(decide(LONG_WAIT, charge(TWO_AT_ONCE, "key", "1")));
        }
        refund(running, "1");
        long deadline = System.nanoTime() + tested.timeout().toNanos();
        while (!told.contains(queue.get(0).charges().get(0).lease()) && System.nanoTime() < deadline) {
            retry(queue.get(2));
            TimeUnit.MILLISECONDS.sleep(1);
        }
        assertThat(told).containsExactly(queue.get(0).charges().get(0).lease());
    }

    /** Lets calls end in every way: normally, by an exception, and by cancellation while they wait or run. */
    @Test
    void noMoreCallsRunAtOnceThanTheLimitAllows() throws Exception {
        int most = 5;
        long deadline = System.nanoTime() + tested.timeout().toNanos();
        CallCounter counter = new CallCounter();
        ExecutorService threads = Executors.newFixedThreadPool(24);
        List<Future<?>> calls = new ArrayList<>();
        Random random = new Random(SEED);
        RateLimitStore live = tested.createRealTimeStore();
        try (RateLimiterRegistry registry = new RateLimiterRegistry(live, List.of())) {
            RateLimiter limiter = registry.define(Limit.named("runs")
                    .maxConcurrent(most, LEASE_TIME)
                    .maxWait(tested.timeout())
                    .build());
            for (int i = 0; i < 600; i++) {
                int ending = random.nextInt(4);
                Future<?> call = i % 3 == 0
                        ? limiter.callAsync("key", () -> counter.later(ending))
                        : threads.submit(() -> limiter.call("key", () -> counter.now(ending)));
                calls.add(call);
                if (random.nextInt(5) == 0) {
                    calls.get(random.nextInt(calls.size())).cancel(true);
                }
            }
            for (Future<?> call : calls) {
                try {
                    call.get(Math.max(1, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
                } catch (ExecutionException | CancellationException ex) {
                    assertThat(call.isDone()).isTrue();
                }
            }
            threads.shutdown();
            assertThat(threads.awaitTermination(tested.timeout().toNanos(), TimeUnit.NANOSECONDS))
                    .isTrue();
            assertThat(counter.ran.get()).as("seed " + SEED).isGreaterThan(300);
            assertThat(counter.worst.get()).as("seed " + SEED).isEqualTo(most);
            while (limiter.peek("key").remaining() < most && System.nanoTime() < deadline) {
                TimeUnit.MILLISECONDS.sleep(5);
            }
            assertThat(limiter.peek("key").remaining()).as("seed " + SEED).isEqualTo(most);
        } finally {
            threads.shutdownNow();
        }
    }

    /** Runs calls that may fail, and counts how many run at the same time. */
    private static final class CallCounter {

        final AtomicInteger ran = new AtomicInteger();
        final AtomicInteger worst = new AtomicInteger();
        private final AtomicInteger running = new AtomicInteger();

        void begin() {
            worst.accumulateAndGet(running.incrementAndGet(), Math::max);
            ran.incrementAndGet();
        }

        Object now(int ending) throws InterruptedException {
            begin();
            try {
                TimeUnit.MILLISECONDS.sleep(1);
                return result(ending);
            } finally {
                running.decrementAndGet();
            }
        }

        CompletableFuture<Object> later(int ending) {
            begin();
            AtomicBoolean runs = new AtomicBoolean(true);
            CompletableFuture<Object> result = new CompletableFuture<>() {
                @Override
                public boolean cancel(boolean mayInterruptIfRunning) {
                    end(runs);
                    return super.cancel(mayInterruptIfRunning);
                }
            };
            CompletableFuture.delayedExecutor(ending, TimeUnit.MILLISECONDS).execute(() -> {
                end(runs);
                try {
                    result.complete(result(ending));
                } catch (IllegalStateException ex) {
                    result.completeExceptionally(ex);
                }
            });
            return result;
        }

        private void end(AtomicBoolean runs) {
            if (runs.getAndSet(false)) {
                running.decrementAndGet();
            }
        }

        private static Object result(int ending) {
            if (ending == 0) {
                throw new IllegalStateException("This call fails");
            }
            return ending;
        }
    }
}
