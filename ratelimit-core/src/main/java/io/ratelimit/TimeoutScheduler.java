package io.ratelimit;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Schedules short tasks on one daemon thread, {@code ratelimit-timer}, which ends after a second without tasks and
 * starts again with the next one. The tasks themselves run in the common pool, so that a slow one does not delay the
 * others. For stores that need timeouts or periodic work. Thread-safe.
 */
public final class TimeoutScheduler implements AutoCloseable {

    private static final long IDLE_SECONDS = 1;

    private @Nullable ScheduledThreadPoolExecutor timer;
    private boolean closed;

    /** Creates a scheduler, whose thread starts with the first task. */
    public TimeoutScheduler() {}

    /**
     * Runs a task once, unless it is cancelled or the scheduler is closed before.
     *
     * @param delayNanos nanoseconds from now; zero or less for at once
     * @param task what it throws is ignored
     * @return cancels the task; done already if the scheduler is closed
     */
    public Future<?> schedule(long delayNanos, Runnable task) {
        return schedule(delayNanos, 0, task);
    }

    /**
     * Runs a task repeatedly, until it is cancelled or the scheduler is closed.
     *
     * @param periodNanos nanoseconds between two runs, and before the first; positive
     * @param task what it throws is ignored, and does not end the repetition
     * @return cancels the task; done already if the scheduler is closed
     */
    public Future<?> scheduleRepeatedly(long periodNanos, Runnable task) {
        return schedule(periodNanos, periodNanos, task);
    }

    private synchronized Future<?> schedule(long delayNanos, long periodNanos, Runnable task) {
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
        Runnable dispatch = () -> ForkJoinPool.commonPool().execute(task);
        return periodNanos == 0
                ? running.schedule(dispatch, delayNanos, TimeUnit.NANOSECONDS)
                : running.scheduleAtFixedRate(dispatch, delayNanos, periodNanos, TimeUnit.NANOSECONDS);
    }

    /** Drops all tasks and ends the thread. Tasks that are already running finish. */
    @Override
    public synchronized void close() {
        closed = true;
        if (timer != null) {
            timer.shutdownNow();
        }
    }
}
