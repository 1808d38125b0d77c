package io.ratelimit.memory;

import java.lang.ref.WeakReference;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The background thread that deletes the full buckets of a memory store. It starts with the first key, and ends when
 * the store is closed or no longer reachable.
 */
final class FullBucketSweeper implements Runnable {

    private static final long INTERVAL_NANOS = 10_000_000_000L;

    private final WeakReference<BucketsByLimit> buckets;
    private final AtomicReference<@Nullable Thread> thread = new AtomicReference<>();
    private volatile boolean closed;

    /**
     * Creates a sweeper, which starts its thread later.
     *
     * @param buckets the buckets to sweep; only weakly referenced, so that the thread ends when the store is no longer
     *     reachable
     */
    FullBucketSweeper(BucketsByLimit buckets) {
        this.buckets = new WeakReference<>(buckets);
    }

    /** Starts the thread, unless it is running or this sweeper is closed. */
    void start() {
        if (thread.get() == null && !closed) {
            Thread sweeper = new Thread(this, "ratelimit-sweeper");
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

    /** Sweeps every ten seconds; called by the thread only. */
    @Override
    public void run() {
        while (!closed) {
            LockSupport.parkNanos(INTERVAL_NANOS);
            BucketsByLimit reachable = buckets.get();
            if (reachable == null) {
                return;
            }
            try {
                reachable.sweep();
            } catch (RuntimeException ex) {
                System.getLogger(FullBucketSweeper.class.getName())
                        .log(
                                System.Logger.Level.WARNING,
                                "Full buckets could not be deleted; the next attempt is in 10 seconds",
                                ex);
            }
        }
    }
}
