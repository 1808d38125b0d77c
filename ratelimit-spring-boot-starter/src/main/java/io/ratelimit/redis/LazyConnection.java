package io.ratelimit.redis;

import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A connection that is opened in the background when it is first asked for, at most one attempt at a time and one a second.
 *
 * <p>Who asks during the first attempt gets its outcome; who asks later, while there is no connection, gets the last
 * failure at once.
 */
final class LazyConnection<T> implements AutoCloseable {

    private static final long BETWEEN_ATTEMPTS_NANOS = 1_000_000_000;
    private static final long LAST_WAIT_MILLIS = 1_000;

    private final Callable<T> opener;
    private volatile @Nullable CompletableFuture<T> outcome;
    private @Nullable Thread attempt;
    private long attemptedAt;
    private boolean closed;

    LazyConnection(Callable<T> opener) {
        this.opener = opener;
    }

    CompletableFuture<T> get() {
        CompletableFuture<T> current = outcome;
        return current != null && !current.isCompletedExceptionally() ? current : attempt();
    }

    private synchronized CompletableFuture<T> attempt() {
        CompletableFuture<T> current = outcome;
        if (closed) {
            return CompletableFuture.failedFuture(new IllegalStateException("The store is closed"));
        }
        if (current == null || mayRetry(current)) {
            CompletableFuture<T> next = new CompletableFuture<>();
            Thread thread = new Thread(() -> open(next), "ratelimit-redis-connect");
            thread.setDaemon(true);
            attempt = thread;
            attemptedAt = System.nanoTime();
            if (current == null) {
                outcome = next;
                current = next;
            }
            thread.start();
        }
        return current;
    }

    private boolean mayRetry(CompletableFuture<T> current) {
        return current.isCompletedExceptionally()
                && attempt == null
                && System.nanoTime() - attemptedAt >= BETWEEN_ATTEMPTS_NANOS;
    }

    private void open(CompletableFuture<T> next) {
        @Nullable T connection = null;
        Throwable failure = new IllegalStateException();
        try {
            connection = opener.call();
        } catch (Throwable ex) {
            failure = ex;
        }
        synchronized (this) {
            attempt = null;
            outcome = next;
        }
        if (connection != null) {
            next.complete(connection);
        } else {
            next.completeExceptionally(failure);
        }
    }

    /** Ends an attempt that is under way. */
    @Override
    public void close() {
        Thread last;
        synchronized (this) {
            closed = true;
            last = attempt;
        }
        if (last != null) {
            last.interrupt();
            try {
                last.join(LAST_WAIT_MILLIS);
            } catch (InterruptedException ex) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
