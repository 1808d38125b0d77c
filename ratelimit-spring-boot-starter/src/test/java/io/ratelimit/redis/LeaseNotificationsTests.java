package io.ratelimit.redis;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.springframework.data.redis.connection.RedisConnection;

/** Calls that wait for a subscription that is neither confirmed nor failed. */
class LeaseNotificationsTests {

    private static final Duration SHORT = Duration.ofMillis(20);
    private static final Duration LONG = Duration.ofMinutes(10);

    private final CompletableFuture<RedisConnection> opened = new CompletableFuture<>();
    private final LeaseNotifications notifications =
            LeaseNotifications.open(opened::join, "ratelimit:ready", lease -> {});

    @Test
    void callsWaitTogetherAndOnce() throws Exception {
        CompletableFuture<Void> first = notifications.attempted(SHORT);
        notifications.attempted(LONG).get(30, TimeUnit.SECONDS);

        assertThat(first).isDone();
        assertThat(notifications.attempted(LONG)).isDone();
        close();
    }

    @Test
    void nobodyWaitsAfterTheFirstAttemptHasFailed() throws Exception {
        CompletableFuture<Void> first = notifications.attempted(LONG);
        close();

        first.get(30, TimeUnit.SECONDS);
        assertThat(notifications.attempted(LONG)).isDone();
    }

    private void close() {
        opened.completeExceptionally(new IllegalStateException("no connection"));
        notifications.close();
    }
}
