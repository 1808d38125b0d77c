package io.ratelimit.memory;

import java.lang.ref.WeakReference;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The background thread that deletes the full buckets of a memory store. It starts with the first key, and ends when
 * the store is closed or no longer reachable.
 */
final class FullBucketSweeper {

    private static final System.Logger LOG = System.getLogger(FullBucketSweeper.class.getName());
    private static final long INTERVAL_NANOS = 10_000_000_000L;

    private final WeakReference<Runnable> sweep;
    private final AtomicReference<@Nullable Thread> thread = new AtomicReference<>();
    private volatile boolean closed;

    /**
     * Creates a sweeper, which starts its thread later.
     *
     * @param sweep deletes the full buckets; only weakly referenced, so the store has to keep it
     */
    FullBucketSweeper(Runnable sweep) {
        this.sweep = new WeakReference<>(sweep);
    }

    /** Starts the thread, unless it is running or this sweeper is closed. */
    void start() {
        if (thread.get() == null && !closed) {
            Thread sweeper = new Thread(this::run, "ratelimit-sweeper");
            sweeper.setDaemon(true);
            if (thread.compareAndSet(null, sweeper)) {
                sweeper.start();
            }
        }
    }

    void close() {
        closed = true;
        LockSupport.unpark(thread.get());
    }

    private void run() {
        while (!closed) {
            LockSupport.parkNanos(INTERVAL_NANOS);
            Runnable reachable = sweep.get();
            if (reachable == null) {
                return;
            }
            try {
                reachable.run();
            } catch (RuntimeException ex) {
                LOG.log(
                        System.Logger.Level.WARNING,
                        "Full buckets could not be deleted; the next attempt is in 10 seconds",
                        ex);
            }
        }
    }
}
