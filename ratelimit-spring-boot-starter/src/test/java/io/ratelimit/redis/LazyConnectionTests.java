package io.ratelimit.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class LazyConnectionTests {

    private final AtomicInteger attempts = new AtomicInteger();

    @Test
    void nothingIsOpenedUntilAskedFor() {
        try (LazyConnection<String> connection = new LazyConnection<>(this::succeed)) {
            assertThat(attempts).hasValue(0);
            assertThat(connection.get().join()).isEqualTo("open");
            assertThat(connection.get().join()).isEqualTo("open");
            assertThat(attempts).hasValue(1);
        }
    }

    @Test
    void allWhoAskDuringTheFirstAttemptGetItsOutcome() {
        CountDownLatch answer = new CountDownLatch(1);
        try (LazyConnection<String> connection = new LazyConnection<>(() -> {
            answer.await();
            return succeed();
        })) {
            CompletableFuture<String> first = connection.get();
            CompletableFuture<String> second = connection.get();
            assertThat(first).isNotDone();
            answer.countDown();
            assertThat(first.join()).isEqualTo(second.join());
            assertThat(attempts).hasValue(1);
        }
    }

    @Test
    void afterAFailureCallersFailAtOnceAndAttemptsAreASecondApart() {
        long start = System.nanoTime();
        try (LazyConnection<String> connection = new LazyConnection<>(() -> {
            if (attempts.incrementAndGet() < 3) {
                throw new IllegalStateException("down");
            }
            return "open";
        })) {
            await().until(() -> connection.get().isDone());
            assertThat(connection.get()).isCompletedExceptionally();
            await().atMost(Duration.ofSeconds(20)).until(() -> {
                CompletableFuture<String> now = connection.get();
                assertThat(now).isDone();
                return !now.isCompletedExceptionally();
            });
            assertThat(attempts).hasValue(3);
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofSeconds(2));
        }
    }

    @Test
    void closingInterruptsAnAttemptAndAllowsNoOther() {
        CountDownLatch never = new CountDownLatch(1);
        LazyConnection<String> connection = new LazyConnection<>(() -> {
            never.await();
            return succeed();
        });
        CompletableFuture<String> first = connection.get();
        connection.close();
        assertThat(first).isCompletedExceptionally();
        assertThat(connection.get()).isCompletedExceptionally();
        assertThat(attempts).hasValue(0);
    }

    private String succeed() {
        attempts.incrementAndGet();
        return "open";
    }
}
