package io.ratelimit.redis;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.connection.Message;
import org.springframework.data.redis.connection.MessageListener;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.Subscription;
import org.springframework.data.redis.connection.SubscriptionListener;

/**
 * Notifies waiting calls of leases that became free. It listens to the messages that the script publishes, on a thread
 * and a connection of its own.
 *
 * <p>A lost connection is opened again, with one attempt per second. The first connection is retried as well, which
 * Spring's listener container would not do. Messages that are published while there is no connection, or no permission
 * to subscribe, are lost. Waiting calls then find free leases when they poll.
 */
final class LeaseNotifications implements AutoCloseable {

    private static final long BETWEEN_ATTEMPTS_MILLIS = 1_000;
    private static final long BETWEEN_CHECKS_MILLIS = 10_000;
    private static final long LAST_WAIT_NANOS = 500_000_000;
    private static final long LAST_WAIT_STEP_MILLIS = 100;

    private final Supplier<RedisConnection> opener;
    private final Runnable closer;
    private final byte[] channel;
    private final LongConsumer listener;
    private final Thread thread;
    private final AtomicBoolean awaited = new AtomicBoolean();
    private final CompletableFuture<Void> attempted = new CompletableFuture<>();
    private volatile @Nullable RedisConnection connection;
    private volatile boolean closed;

    private LeaseNotifications(
            Supplier<RedisConnection> opener, Runnable closer, String channel, LongConsumer listener) {
        this.opener = opener;
        this.closer = closer;
        this.channel = channel.getBytes(StandardCharsets.US_ASCII);
        this.listener = listener;
        this.thread = new Thread(this::listen, "ratelimit-redis-ready");
        thread.setDaemon(true);
    }

    /**
     * Starts to listen in the background.
     *
     * @param opener opens a connection
     * @param closer closes what is left of a connection; called some time after the connection was closed
     * @param channel the name of the channel
     * @param listener gets the numbers of the leases that became free
     */
    static LeaseNotifications open(
            Supplier<RedisConnection> opener, Runnable closer, String channel, LongConsumer listener) {
        LeaseNotifications ready = new LeaseNotifications(opener, closer, channel, listener);
        ready.thread.start();
        return ready;
    }

    /**
     * Returns a future that completes when the first attempt to subscribe has succeeded or failed, or when calls have
     * waited for it in vain. All calls share one wait, and none waits after it.
     *
     * @param maxWait how long to wait from the first call of this method
     */
    CompletableFuture<Void> attempted(Duration maxWait) {
        if (!attempted.isDone() && awaited.compareAndSet(false, true)) {
            attempted.completeOnTimeout(null, maxWait.toNanos(), TimeUnit.NANOSECONDS);
        }
        return attempted;
    }

    @Override
    public void close() {
        closed = true;
        attempted.complete(null);
        long deadline = System.nanoTime() + LAST_WAIT_NANOS;
        try {
            thread.interrupt();
            thread.join(LAST_WAIT_STEP_MILLIS);
            while (thread.isAlive() && System.nanoTime() < deadline) {
                unsubscribe();
                thread.interrupt();
                thread.join(LAST_WAIT_STEP_MILLIS);
            }
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
        }
    }

    private void listen() {
        while (!closed) {
            try {
                listenOnce();
            } catch (RuntimeException ex) {
                // There is no connection, or no permission to subscribe: try again later.
            }
            attempted.complete(null);
            if (!closed) {
                pause(BETWEEN_ATTEMPTS_MILLIS);
                closeWhatIsLeft();
            }
        }
    }

    private void closeWhatIsLeft() {
        try {
            closer.run();
        } catch (RuntimeException ex) {
            // The client is shutting down, which closes the connections as well.
        }
    }

    /**
     * Listens until the connection is lost. Jedis blocks the thread meanwhile; Lettuce returns at once and is polled.
     */
    private void listenOnce() {
        try (RedisConnection redis = opener.get()) {
            connection = redis;
            redis.subscribe(new Listener(), channel);
            for (Subscription own = redis.getSubscription(); !closed && own != null && own.isAlive(); ) {
                pause(BETWEEN_CHECKS_MILLIS);
                own.subscribe(channel);
            }
        } finally {
            connection = null;
        }
    }

    private void received(Message message) {
        try {
            for (String lease : new String(message.getBody(), StandardCharsets.US_ASCII).split(" ")) {
                listener.accept(Long.parseLong(lease));
            }
        } catch (NumberFormatException ex) {
            // Other clients may publish invalid messages to the channel.
        }
    }

    private final class Listener implements MessageListener, SubscriptionListener {

        @Override
        public void onChannelSubscribed(byte[] subscribed, long count) {
            attempted.complete(null);
        }

        @Override
        public void onMessage(Message message, byte @Nullable [] pattern) {
            received(message);
        }
    }

    /** Ends the subscription, so that a blocked thread returns. */
    private void unsubscribe() {
        RedisConnection redis = connection;
        Subscription own = redis == null ? null : redis.getSubscription();
        try {
            if (own != null && own.isAlive()) {
                own.close();
            }
        } catch (RuntimeException ex) {
            // The subscription has not begun yet; the next call ends it.
        }
    }

    private void pause(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException ex) {
            closed = true;
        }
    }
}
