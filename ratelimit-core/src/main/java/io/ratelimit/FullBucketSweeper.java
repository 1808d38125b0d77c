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

    private final AtomicReference<@Nullable Thread> thread = new AtomicReference<>();
    private volatile boolean closed;

    void start(InMemoryRateLimitStore store) {
        if (thread.get() == null && !closed) {
            Thread sweeper = thread(new WeakReference<>(store), this);
            if (thread.compareAndSet(null, sweeper)) {
                sweeper.start();
            }
        }
    }

    void close() {
        closed = true;
        LockSupport.unpark(thread.get());
    }

    private static Thread thread(WeakReference<InMemoryRateLimitStore> store, FullBucketSweeper sweeper) {
        Thread thread = new Thread(() -> run(store, sweeper), "ratelimit-sweeper");
        thread.setDaemon(true);
        return thread;
    }

    private static void run(WeakReference<InMemoryRateLimitStore> store, FullBucketSweeper sweeper) {
        while (!sweeper.closed) {
            LockSupport.parkNanos(PAUSE_NANOS);
            InMemoryRateLimitStore reachable = store.get();
            if (reachable == null) {
                return;
            }
            try {
                reachable.sweep();
            } catch (RuntimeException ex) {
                LOG.log(System.Logger.Level.WARNING, "Full buckets could not be dropped; trying again", ex);
            }
        }
    }
}
