package io.ratelimit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.ratelimit.memory.InMemoryRateLimitStore;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class GuardedCallTests {

    private final RateLimiterRegistry registry = InMemoryRateLimitStore.newRegistry();
    private final DecisionEngine engine =
            new DecisionEngine(registry.store(), new ListenerNotifier(List.of()), false, List.of());
    private final RateLimiter hour = registry.define(Limit.of("hour", "2/1h"));
    private final RateLimiter quick = registry.define(Limit.named("quick")
            .rates("20/s burst 1")
            .maxWait(Duration.ofSeconds(10))
            .build());
    private final AtomicInteger calls = new AtomicInteger();

    @AfterEach
    void close() {
        registry.close();
    }

    @Test
    void runsTheTaskOnlyIfItIsAdmitted() throws Exception {
        assertThat(hour.call("key", calls::incrementAndGet)).isEqualTo(1);
        assertThat(registry.call(List.of(hour.charge("key", 1)), calls::incrementAndGet))
                .isEqualTo(2);
        assertThatThrownBy(() -> hour.call("key", calls::incrementAndGet))
                .isInstanceOf(RateLimitExceededException.class);
        assertThat(calls).hasValue(2);
    }

    @Test
    void passesTheFailureOfTheTaskToTheCaller() {
        IOException failure = new IOException("broken");
        assertThatThrownBy(() -> hour.call("key", () -> {
                    throw failure;
                }))
                .isSameAs(failure);
        assertThatThrownBy(() -> hour.callAsync("key", () -> CompletableFuture.failedFuture(failure))
                        .join())
                .isInstanceOf(CompletionException.class)
                .hasCause(failure);
    }

    @Test
    void anAsynchronousRejectionCompletesTheFutureExceptionally() {
        hour.tryAcquire("key", 2);
        assertThatThrownBy(() -> registry.callAsync(List.of(hour.charge("key", 1)), this::called)
                        .join())
                .hasCauseInstanceOf(RateLimitExceededException.class);
        assertThat(calls).hasValue(0);
    }

    @Test
    void anAsynchronousCallStartsAtOnceOnThisThreadOrLaterOnAnother() {
        assertThat(quick.callAsync("key", this::called)).isCompletedWithValue(Thread.currentThread());
        assertThat(quick.callAsync("key", this::called).join()).isNotSameAs(Thread.currentThread());
    }

    @Test
    void aCancelledTaskIsToldBeforeItsLeaseIsReleased() {
        RateLimiter single = registry.define(
                Limit.named("single").maxConcurrent(1, Duration.ofSeconds(30)).build());
        List<Boolean> free = new ArrayList<>();
        CompletableFuture<String> running = new CompletableFuture<>();
        running.whenComplete((value, failure) -> free.add(isFree(single)));
        single.callAsync("key", () -> running).cancel(true);
        assertThat(running).isCancelled();
        assertThat(free).containsExactly(false);
        assertThat(isFree(single)).isTrue();
    }

    @Test
    void theLeaseOfATaskThatCannotBeCancelledIsReleased() {
        RateLimiter single = registry.define(
                Limit.named("single").maxConcurrent(1, Duration.ofSeconds(30)).build());
        CompletableFuture<String> running = new CompletableFuture<>() {
            @Override
            public boolean cancel(boolean mayInterruptIfRunning) {
                throw new IllegalStateException("no");
            }
        };
        single.callAsync("key", () -> running).cancel(true);
        assertThat(isFree(single)).isTrue();
    }

    private boolean isFree(RateLimiter limiter) {
        Decision decision = limiter.tryAcquire("key");
        registry.release(decision);
        return decision.admitted();
    }

    @Test
    void cancellingRefundsTheTokensBeforeTheTaskStartsAndCancelsTheTaskAfterwards() throws Exception {
        CompletableFuture<String> endless = new CompletableFuture<>();
        CompletableFuture<String> begun = hour.callAsync("key", () -> endless);
        begun.cancel(true);
        assertThat(endless).isCancelled();

        RateLimiter waiting = registry.define(Limit.named("waiting")
                .rates("1/1h")
                .maxWait(Duration.ofHours(9))
                .build());
        waiting.acquire("key");
        CompletableFuture<Thread> cancelled = waiting.callAsync("key", this::called);
        assertThat(waiting.tryAcquire("key").retryAfter().orElseThrow()).isGreaterThan(Duration.ofHours(1));
        cancelled.cancel(true);
        await().untilAsserted(
                        () -> assertThat(waiting.tryAcquire("key").retryAfter().orElseThrow())
                                .isLessThanOrEqualTo(Duration.ofHours(1)));
        assertThat(calls).hasValue(0);
    }

    @Test
    void refundsADecisionThatComesAfterItsCallWasCancelled() throws Exception {
        CompletableFuture<Decision> granted = new CompletableFuture<>();
        CompletableFuture<Thread> result = GuardedCall.start(granted.copy(), this::called, engine);
        granted.complete(hour.tryAcquire("key"));
        result.get(10, TimeUnit.SECONDS);
        assertThat(hour.peek("key").remaining()).isEqualTo(1);

        Decision decision = hour.tryAcquire("other");
        CompletableFuture<Decision> late = new CompletableFuture<>() {
            @Override
            public boolean cancel(boolean mayInterruptIfRunning) {
                return complete(decision);
            }
        };
        GuardedCall.start(late, this::called, engine).cancel(true);
        await().untilAsserted(() -> assertThat(hour.peek("other").remaining()).isEqualTo(2));
        assertThat(calls).hasValue(1);
    }

    private CompletableFuture<Thread> called() {
        calls.incrementAndGet();
        return CompletableFuture.completedFuture(Thread.currentThread());
    }
}
