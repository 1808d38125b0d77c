package io.ratelimit.redis;

import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A connection that is opened in the background when it is first needed, and replaced when it is broken. There is at
 * most one attempt at a time, and one per second.
 *
 * <p>Callers during the first attempt get its outcome. Later callers get the last failure at once while there is no
 * connection. A replaced connection is used until the new one is open; a dropped connection is no longer used. Either
 * is closed when its pending calls are answered or have timed out.
 */
final class ReconnectingConnection<T extends AutoCloseable> implements AutoCloseable {

    private static final long BETWEEN_ATTEMPTS_NANOS = 1_000_000_000;
    private static final long LAST_WAIT_MILLIS = 1_000;
    private static final String CLOSED = "The store is closed";

    private final Callable<T> opener;
    private final long lastAnswersMillis;
    private volatile @Nullable CompletableFuture<T> outcome;
    private final Queue<T> leaving = new ConcurrentLinkedQueue<>();
    private @Nullable Thread attempt;
    private long attemptedAt;
    private boolean closed;

    /**
     * Creates the connection, without opening it.
     *
     * @param lastAnswersMillis how long answers may still arrive on a connection that was replaced or dropped
     */
    ReconnectingConnection(Callable<T> opener, long lastAnswersMillis) {
        this.opener = opener;
        this.lastAnswersMillis = lastAnswersMillis;
    }

    CompletableFuture<T> get() {
        CompletableFuture<T> current = outcome;
        return current != null && !current.isCompletedExceptionally() ? current : attempt();
    }

    /** Replaces this connection as soon as another one can be opened. */
    synchronized void replace(T connection) {
        if (opened(outcome) == connection) {
            tryAgain();
        }
    }

    private void tryAgain() {
        if (!closed && mayRetry()) {
            start(new CompletableFuture<>());
        }
    }

    /** Stops using this connection, and opens another one. */
    synchronized void drop(T connection) {
        if (closed || opened(outcome) != connection) {
            return;
        }
        leave(connection);
        if (mayRetry()) {
            CompletableFuture<T> next = new CompletableFuture<>();
            outcome = next;
            start(next);
        } else {
            outcome = CompletableFuture.failedFuture(new IllegalStateException("The connection was dropped"));
        }
    }

    private synchronized CompletableFuture<T> attempt() {
        CompletableFuture<T> current = outcome;
        if (closed) {
            return CompletableFuture.failedFuture(new IllegalStateException(CLOSED));
        }
        if (current == null) {
            CompletableFuture<T> first = new CompletableFuture<>();
            outcome = first;
            start(first);
            return first;
        }
        if (current.isCompletedExceptionally()) {
            tryAgain();
        }
        return current;
    }

    private synchronized boolean isClosed() {
        return closed;
    }

    private boolean mayRetry() {
        return attempt == null && System.nanoTime() - attemptedAt >= BETWEEN_ATTEMPTS_NANOS;
    }

    private void start(CompletableFuture<T> next) {
        Thread thread = new Thread(() -> open(next), "ratelimit-redis-connect");
        thread.setDaemon(true);
        attemptedAt = System.nanoTime();
        try {
            thread.start();
            attempt = thread;
        } catch (OutOfMemoryError ex) {
            outcome = next;
            next.completeExceptionally(ex);
        }
    }

    private void open(CompletableFuture<T> next) {
        try {
            T connection = opener.call();
            if (isClosed()) {
                close(connection);
                throw new IllegalStateException(CLOSED);
            }
            put(next, true);
            next.complete(connection);
        } catch (Throwable ex) {
            put(next, false);
            next.completeExceptionally(ex);
        }
        synchronized (this) {
            attempt = null;
        }
    }

    /** Uses the connection of an attempt, unless the attempt failed and there is still a connection. */
    private synchronized void put(CompletableFuture<T> next, boolean opened) {
        T open = opened(outcome);
        if (opened && open != null) {
            leave(open);
        }
        if (opened || open == null) {
            outcome = next;
        }
    }

    private void leave(T connection) {
        leaving.add(connection);
        CompletableFuture.delayedExecutor(lastAnswersMillis, TimeUnit.MILLISECONDS)
                .execute(() -> {
                    if (leaving.remove(connection)) {
                        close(connection);
                    }
                });
    }

    private void close(@Nullable T connection) {
        try {
            if (connection != null) {
                connection.close();
            }
        } catch (Exception ex) {
            // The attempt was cancelled already.
        }
    }

    private static <T> @Nullable T opened(@Nullable CompletableFuture<T> outcome) {
        return outcome == null || !outcome.isDone() || outcome.isCompletedExceptionally() ? null : outcome.join();
    }

    /** Cancels a pending attempt, and closes open connections. */
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
        close(opened(outcome));
        for (T old = leaving.poll(); old != null; old = leaving.poll()) {
            close(old);
        }
    }
}
