package io.ratelimit.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.ratelimit.test.redis.RedisServer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.springframework.data.redis.connection.RedisConnection;

/** Subscriptions that are not confirmed, or fail, and calls that wait for one. */
class LeaseNotificationsTests {

    private static final Duration SHORT = Duration.ofMillis(20);
    private static final Duration LONG = Duration.ofMinutes(10);

    private final CompletableFuture<RedisConnection> opened = new CompletableFuture<>();
    private final LeaseNotifications notifications =
            LeaseNotifications.open(opened::join, () -> {}, "ratelimit:ready", lease -> {});

    @Test
    void callsWaitTogetherAndOnce() throws Exception {
        CompletableFuture<Void> first = notifications.attempted(SHORT);
        notifications.attempted(LONG).get(30, TimeUnit.SECONDS);

        assertThat(first).isDone();
        assertThat(notifications.attempted(LONG)).isDone();
        close();
    }

    @Test
    void aSubscriptionThatAnAttemptLeftOpenIsClosedBeforeTheNextOne() {
        AtomicInteger closed = new AtomicInteger();
        LeaseNotifications failing = LeaseNotifications.open(
                () -> {
                    throw new IllegalStateException("no connection");
                },
                closed::incrementAndGet,
                "ratelimit:ready",
                lease -> {});
        await().until(() -> closed.get() > 0);
        failing.close();
        close();
    }

    @Test
    void subscriptionsThatSpringLeavesOpenAreClosed() {
        try (RedisServer redis = RedisServer.start();
                RedisScriptClient client =
                        LettuceScriptClient.of(TestConnections.lettuce(redis), Duration.ofSeconds(2))) {
            client.open().subscribe((message, pattern) -> {}, "ratelimit:ready".getBytes(StandardCharsets.US_ASCII));
            await().until(() -> subscribed(redis) == 1);

            client.closeSubscriptions();

            await().until(() -> subscribed(redis) == 0);
        }
        close();
    }

    private static long subscribed(RedisServer redis) {
        return String.valueOf(redis.command("CLIENT", "LIST", "TYPE", "pubsub"))
                .lines()
                .filter(line -> line.contains("sub=1"))
                .count();
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
