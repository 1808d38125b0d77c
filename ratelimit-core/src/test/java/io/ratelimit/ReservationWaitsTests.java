package io.ratelimit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.ratelimit.algorithm.Algorithm;
import io.ratelimit.algorithm.InvalidLimitException;
import io.ratelimit.memory.InMemoryRateLimitStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ReservationWaitsTests {

    private static final Duration LONG = Duration.ofMinutes(10);

    private final RateLimiterRegistry registry =
            new RateLimiterRegistry(InMemoryRateLimitStore.create(), List.of(new RateLimitListener() {}));
    private final RateLimiter fast = registry.define(
            Limit.named("fast").rates("20/s burst 1").maxWait(LONG).build());
    private final RateLimiter slow = registry.define(
            Limit.named("slow").rates("1/1h").maxWait(LONG.multipliedBy(100)).build());

    @AfterEach
    void close() {
        registry.close();
    }

    @Test
    void aThreadParksUntilItsTokensAreAvailable() {
        fast.acquire("key");
        long start = System.nanoTime();
        assertThat(fast.acquire("key").admitted()).isTrue();
        assertThat(fast.acquire("key", 1, LONG).admitted()).isTrue();
        assertThat(System.nanoTime() - start).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(80));
        assertThat(fast.count(true, DecisionSource.STORE)).isEqualTo(3);
    }

    @Test
    void aFutureCompletesWhenItsTokensAreAvailable() {
        long start = System.nanoTime();
        List<CompletableFuture<Decision>> all = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            all.add(i % 2 == 0 ? fast.acquireAsync("key") : fast.acquireAsync("key", 1, LONG));
        }
        assertThat(all.get(0)).isCompleted();
        assertThat(all.get(4).join().admitted()).isTrue();
        assertThat(System.nanoTime() - start).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(180));
    }

    @Test
    void aWaitAboveMaxWaitIsRejectedAtOnceWithItsLength() {
        slow.acquire("key");
        Decision rejected = slow.acquire("key", 1, Duration.ofSeconds(2));
        assertThat(rejected.admitted()).isFalse();
        assertThatThrownBy(rejected::orThrow)
                .isInstanceOf(RateLimitExceededException.class)
                .hasMessageContaining("retry after ")
                .hasMessageEndingWith(", more than the max-wait of 2s");
        assertThat(slow.acquireAsync("key", 1, Duration.ofSeconds(2)).join().admitted())
                .isFalse();
        assertThat(slow.count(false, DecisionSource.STORE)).isEqualTo(2);
    }

    @Test
    void anInterruptedThreadRefundsItsTokensAndStaysInterrupted() throws Exception {
        slow.acquire("key");
        AtomicLong flags = new AtomicLong();
        FutureTask<Decision> waiting = new FutureTask<>(() -> {
            try {
                return slow.acquire("key");
            } finally {
                flags.set(Thread.currentThread().isInterrupted() ? 1 : 0);
            }
        });
        Thread thread = new Thread(waiting);
        thread.start();
        awaitWaiting(thread);
        Duration behind = slow.tryAcquire("key").retryAfter().orElseThrow();
        thread.interrupt();
        assertThatThrownBy(waiting::get).hasRootCauseInstanceOf(CancellationException.class);
        assertThat(flags).hasValue(1);
        assertThat(slow.tryAcquire("key").retryAfter().orElseThrow()).isLessThan(behind.minusMinutes(59));
        assertThat(slow.count(true, DecisionSource.STORE)).isEqualTo(1);
    }

    @Test
    void aThreadThatIsInterruptedBeforeItWaitsConsumesNothing() {
        slow.acquire("key");
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> slow.acquire("key"))
                .isInstanceOf(CancellationException.class)
                .hasMessage("Interrupted while waiting for tokens");
        assertThat(Thread.interrupted()).isTrue();
        assertThat(slow.tryAcquire("key").retryAfter().orElseThrow()).isLessThanOrEqualTo(Duration.ofHours(1));
    }

    @Test
    void aCancelledFutureRefundsItsTokens() {
        slow.acquire("key");
        List<CompletableFuture<Decision>> all = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            all.add(slow.acquireAsync("key"));
        }
        assertThat(slow.tryAcquire("key").retryAfter().orElseThrow()).isGreaterThan(Duration.ofHours(10));
        all.forEach(future -> future.cancel(true));
        assertThat(slow.tryAcquire("key").retryAfter().orElseThrow()).isLessThanOrEqualTo(Duration.ofHours(1));
    }

    @Test
    void cancellingAFutureAfterItsGrantRefundsNothing() {
        CompletableFuture<Decision> granted = slow.acquireAsync("key");
        assertThat(granted).isCompleted();
        granted.cancel(true);
        assertThat(slow.peek("key").remaining()).isZero();
    }

    @Test
    void closingEndsFiveHundredWaitsAndRefundsTheirTokens() throws Exception {
        Set<Thread> before = Thread.getAllStackTraces().keySet();
        InMemoryRateLimitStore store = InMemoryRateLimitStore.create();
        RateLimiterRegistry closing = new RateLimiterRegistry(store, List.of());
        RateLimiter hour = closing.define(
                Limit.named("hour").rates("1/1h").maxWait(Duration.ofDays(100)).build());
        hour.acquire("key");
        List<Thread> threads = new ArrayList<>();
        List<FutureTask<Decision>> tasks = new ArrayList<>();
        List<CompletableFuture<Decision>> futures = new ArrayList<>();
        for (int i = 0; i < 250; i++) {
            FutureTask<Decision> task = new FutureTask<>(() -> hour.acquire("key"));
            tasks.add(task);
            threads.add(new Thread(task));
            threads.get(i).start();
            futures.add(hour.acquireAsync("key"));
        }
        for (Thread thread : threads) {
            awaitWaiting(thread);
        }
        long start = System.nanoTime();
        closing.close();
        assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(2));
        for (int i = 0; i < 250; i++) {
            assertThatThrownBy(tasks.get(i)::get).hasRootCauseInstanceOf(CancellationException.class);
            assertThat(futures.get(i)).isCompletedExceptionally();
        }
        assertThat(store.decide(new Charge(hour.limit(), "key", 1000))
                        .retryAfter()
                        .orElseThrow())
                .isLessThanOrEqualTo(Duration.ofHours(1));
        assertThatThrownBy(() -> hour.acquire("key"))
                .isInstanceOf(CancellationException.class)
                .hasMessage("The registry was closed while a call waited for tokens");
        assertThat(hour.acquireAsync("key")).isCompletedExceptionally();
        for (Thread thread : threads) {
            thread.join(2_000);
        }
        await().until(() -> Thread.getAllStackTraces().keySet().stream()
                .noneMatch(
                        thread -> !before.contains(thread) && thread.getName().equals("ratelimit-timer")));
    }

    @Test
    void invalidWaitsThrowAndConsumeNothing() {
        RateLimiter counter = registry.define(Limit.named("counter")
                .rates("10/s")
                .algorithm(Algorithm.SLIDING_WINDOW_COUNTER)
                .build());
        assertThatThrownBy(() -> counter.acquire("key", 1, Duration.ofSeconds(1)))
                .isInstanceOf(InvalidLimitException.class)
                .hasMessageContaining("sliding-window-counter cannot promise when a call fits");
        assertThatThrownBy(() -> fast.acquire("key", 1, Duration.ofSeconds(-1)))
                .isInstanceOf(InvalidLimitException.class)
                .hasMessageContaining("\"PT-1S\" of limit \"fast\": negative");
        assertThatThrownBy(() -> fast.acquireAsync("key", 1, Duration.ofDays(365 * 200)))
                .isInstanceOf(InvalidLimitException.class)
                .hasMessageContaining("longer than can be counted exactly");
        assertThat(counter.acquire("key").admitted()).isTrue();
        assertThat(fast.peek("key").remaining()).isEqualTo(1);
    }

    @Test
    void chargesOfSeveralLimitsWaitTogether() {
        Charge both = fast.charge("key", 1);
        fast.acquire("key");
        Decision decision = registry.acquire(List.of(both, slow.charge("key", 1)), LONG);
        assertThat(decision.admitted()).isTrue();
        assertThat(registry.acquireAsync(List.of(both, slow.charge("key", 1)), LONG)
                        .join()
                        .admitted())
                .isFalse();
        assertThat(fast.count(true, DecisionSource.STORE)).isEqualTo(2);
        assertThat(slow.count(false, DecisionSource.STORE)).isEqualTo(1);
    }

    private static void awaitWaiting(Thread thread) throws InterruptedException {
        while (thread.getState() != Thread.State.TIMED_WAITING) {
            Thread.sleep(1);
        }
    }
}
