package io.ratelimit.redis;

import java.nio.charset.StandardCharsets;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.connection.Message;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.Subscription;

/**
 * Word of leases that those who queue for them could have: what the script publishes, heard on a thread and a connection of
 * its own.
 *
 * <p>A lost connection is opened again, one attempt a second, also the first one, which Spring's listener container gives up.
 * What is published meanwhile is lost, as is everything where the channel is not allowed: then those who queue hear of their
 * turn when they ask next.
 */
final class LeaseNotifications implements AutoCloseable {

    private static final long BETWEEN_ATTEMPTS_MILLIS = 1_000;
    private static final long BETWEEN_CHECKS_MILLIS = 10_000;
    private static final long LAST_WAIT_NANOS = 500_000_000;
    private static final long LAST_WAIT_STEP_MILLIS = 100;

    private final Supplier<RedisConnection> opener;
    private final byte[] channel;
    private final LongConsumer listener;
    private final Thread thread;
    private volatile @Nullable RedisConnection connection;
    private volatile boolean closed;

    private LeaseNotifications(Supplier<RedisConnection> opener, String channel, LongConsumer listener) {
        this.opener = opener;
        this.channel = channel.getBytes(StandardCharsets.US_ASCII);
        this.listener = listener;
        this.thread = new Thread(this::listen, "ratelimit-redis-ready");
        thread.setDaemon(true);
    }

    /** Begins to listen, in the background. */
    static LeaseNotifications open(Supplier<RedisConnection> opener, String channel, LongConsumer listener) {
        LeaseNotifications ready = new LeaseNotifications(opener, channel, listener);
        ready.thread.start();
        return ready;
    }

    @Override
    public void close() {
        closed = true;
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
                // No connection, or none that may subscribe.
            }
            if (!closed) {
                pause(BETWEEN_ATTEMPTS_MILLIS);
            }
        }
    }

    /** Jedis listens until the connection is lost. Lettuce returns at once, and has to be asked whether it still listens. */
    private void listenOnce() {
        try (RedisConnection redis = opener.get()) {
            connection = redis;
            redis.subscribe((message, pattern) -> told(message), channel);
            for (Subscription own = redis.getSubscription(); !closed && own != null && own.isAlive(); ) {
                pause(BETWEEN_CHECKS_MILLIS);
                own.subscribe(channel);
            }
        } finally {
            connection = null;
        }
    }

    private void told(Message message) {
        try {
            for (String lease : new String(message.getBody(), StandardCharsets.US_ASCII).split(" ")) {
                listener.accept(Long.parseLong(lease));
            }
        } catch (NumberFormatException ex) {
            // Anybody may publish anything.
        }
    }

    /** Ends a subscription that blocks the thread. */
    private void unsubscribe() {
        RedisConnection redis = connection;
        Subscription own = redis == null ? null : redis.getSubscription();
        try {
            if (own != null && own.isAlive()) {
                own.close();
            }
        } catch (RuntimeException ex) {
            // It is about to begin; the next time it ends.
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
