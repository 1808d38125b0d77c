package io.ratelimit.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ReconnectingConnectionTests {

    private final AtomicInteger attempts = new AtomicInteger();

    @Test
    void nothingIsOpenedBeforeTheFirstUse() {
        try (ReconnectingConnection<Line> connection = lazy(this::succeed)) {
            assertThat(attempts).hasValue(0);
            assertThat(connection.get().join()).isSameAs(connection.get().join());
            assertThat(attempts).hasValue(1);
        }
    }

    @Test
    void allCallersDuringTheFirstAttemptGetItsOutcome() {
        CountDownLatch answer = new CountDownLatch(1);
        try (ReconnectingConnection<Line> connection = lazy(() -> {
            answer.await();
            return succeed();
        })) {
            CompletableFuture<Line> first = connection.get();
            CompletableFuture<Line> second = connection.get();
            assertThat(first).isNotDone();
            answer.countDown();
            assertThat(first.join()).isSameAs(second.join());
            assertThat(attempts).hasValue(1);
        }
    }

    @Test
    void afterAFailureCallersFailAtOnceAndAttemptsAreASecondApart() {
        long start = System.nanoTime();
        try (ReconnectingConnection<Line> connection = lazy(() -> {
            if (attempts.incrementAndGet() < 3) {
                throw new IllegalStateException("down");
            }
            return new Line();
        })) {
            await().until(() -> connection.get().isDone());
            assertThat(connection.get()).isCompletedExceptionally();
            await().atMost(Duration.ofSeconds(20)).until(() -> {
                CompletableFuture<Line> now = connection.get();
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
        ReconnectingConnection<Line> connection = lazy(() -> {
            never.await();
            return succeed();
        });
        CompletableFuture<Line> first = connection.get();
        connection.close();
        assertThat(first).isCompletedExceptionally();
        assertThat(connection.get()).isCompletedExceptionally();
        assertThat(attempts).hasValue(0);
    }

    @Test
    void aConnectionIsUsedUntilItIsReplacedAndThenClosed() throws Exception {
        CountDownLatch answer = new CountDownLatch(1);
        try (ReconnectingConnection<Line> connection = lazy(() -> {
            if (attempts.incrementAndGet() == 2) {
                answer.await();
            }
            return new Line();
        })) {
            Line first = connection.get().join();
            await().until(() -> {
                connection.replace(first);
                return attempts.get() == 2;
            });
            assertThat(connection.get().join()).isSameAs(first);
            answer.countDown();
            await().until(() -> connection.get().join() != first);
            assertThat(first.closed.await(10, TimeUnit.SECONDS)).isTrue();
            assertThat(connection.get().join().closed.getCount()).isOne();
        }
    }

    @Test
    void aDroppedConnectionIsNotUsedAndClosed() throws Exception {
        try (ReconnectingConnection<Line> connection = lazy(this::succeed)) {
            Line first = connection.get().join();
            connection.drop(first);
            connection.drop(first);
            await().until(() -> opens(connection) && connection.get().join() != first);
            assertThat(first.closed.await(10, TimeUnit.SECONDS)).isTrue();
            connection.drop(first);
            assertThat(connection.get().join().closed.getCount()).isOne();
            assertThat(attempts).hasValue(2);
        }
    }

    @Test
    void nextAttemptsDoNotWaitForTheLastAnswersOnThoseThatWereDropped() {
        List<Line> lines = new CopyOnWriteArrayList<>();
        ReconnectingConnection<Line> connection = new ReconnectingConnection<>(
                () -> {
                    lines.add(succeed());
                    return lines.get(lines.size() - 1);
                },
                60_000);
        for (int i = 1; i <= 3; i++) {
            int attempt = i;
            await().atMost(Duration.ofSeconds(5)).until(() -> opens(connection) && attempts.get() == attempt);
            connection.drop(connection.get().join());
        }
        assertThat(lines).allMatch(line -> line.closed.getCount() == 1);
        connection.close();
        assertThat(lines).hasSize(3).allMatch(line -> line.closed.getCount() == 0);
    }

    @Test
    void aConnectionThatCannotBeReplacedIsKept() {
        try (ReconnectingConnection<Line> connection = lazy(() -> {
            if (attempts.get() > 0) {
                attempts.incrementAndGet();
                throw new IllegalStateException("down");
            }
            return succeed();
        })) {
            Line first = connection.get().join();
            await().until(() -> {
                connection.replace(first);
                return attempts.get() == 3;
            });
            assertThat(connection.get().join()).isSameAs(first);
            assertThat(first.closed.getCount()).isOne();
        }
    }

    private static boolean opens(ReconnectingConnection<Line> connection) {
        return connection.get().isDone() && !connection.get().isCompletedExceptionally();
    }

    private Line succeed() {
        attempts.incrementAndGet();
        return new Line();
    }

    private static ReconnectingConnection<Line> lazy(Callable<Line> opener) {
        return new ReconnectingConnection<>(opener, 10);
    }

    private static final class Line implements AutoCloseable {

        final CountDownLatch closed = new CountDownLatch(1);

        @Override
        public void close() {
            closed.countDown();
        }
    }
}
