package io.ratelimit;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One thread for everything that has to happen later, while there is such a thing. What happens does so in the common pool. */
final class TimeoutScheduler implements AutoCloseable {

    private static final long IDLE_SECONDS = 1;

    private @Nullable ScheduledThreadPoolExecutor timer;
    private boolean closed;

    /** Does something once, unless it is cancelled before or the alarms are closed. */
    Future<?> schedule(long nanos, Runnable task) {
        return schedule(nanos, 0, task);
    }

    /** Does something again and again, until it is cancelled or the alarms are closed. */
    Future<?> scheduleRepeatedly(long nanos, Runnable task) {
        return schedule(nanos, nanos, task);
    }

    private synchronized Future<?> schedule(long nanos, long again, Runnable task) {
        if (closed) {
            return CompletableFuture.completedFuture(null);
        }
        ScheduledThreadPoolExecutor running = timer;
        if (running == null) {
            running = new ScheduledThreadPoolExecutor(1, work -> {
                Thread thread = new Thread(work, "ratelimit-timer");
                thread.setDaemon(true);
                return thread;
            });
            running.setRemoveOnCancelPolicy(true);
            running.setKeepAliveTime(IDLE_SECONDS, TimeUnit.SECONDS);
            running.allowCoreThreadTimeOut(true);
            timer = running;
        }
        Runnable ring = () -> ForkJoinPool.commonPool().execute(task);
        return again == 0
                ? running.schedule(ring, nanos, TimeUnit.NANOSECONDS)
                : running.scheduleAtFixedRate(ring, nanos, again, TimeUnit.NANOSECONDS);
    }

    @Override
    public synchronized void close() {
        closed = true;
        if (timer != null) {
            timer.shutdownNow();
        }
    }
}
