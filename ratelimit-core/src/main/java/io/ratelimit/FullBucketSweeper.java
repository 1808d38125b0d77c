package io.ratelimit;

import java.lang.ref.WeakReference;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The one thread that drops a memory store's full buckets. It begins with the first key and ends when the store is closed
 * or no longer reachable.
 */
final class FullBucketSweeper {

    private static final System.Logger LOG = System.getLogger(FullBucketSweeper.class.getName());
    private static final long PAUSE_NANOS = 10_000_000_000L;

    private final WeakReference<Runnable> sweep;
    private final AtomicReference<@Nullable Thread> thread = new AtomicReference<>();
    private volatile boolean closed;

    FullBucketSweeper(Runnable sweep) {
        this.sweep = new WeakReference<>(sweep);
    }

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
            LockSupport.parkNanos(PAUSE_NANOS);
            Runnable reachable = sweep.get();
            if (reachable == null) {
                return;
            }
            try {
                reachable.run();
            } catch (RuntimeException ex) {
                LOG.log(System.Logger.Level.WARNING, "Full buckets could not be dropped; trying again", ex);
            }
        }
    }
}
