package io.ratelimit.remote;

import io.ratelimit.StoreUnavailableException;
import java.util.Optional;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * Logs the outages of a store: one line when an outage starts, one a minute while it lasts, and one when it ends. It
 * ends when the store has answered for a second without a failure, so that a server that starts again, and refuses
 * calls now and then meanwhile, is one outage.
 */
final class StoreOutageLogger {

    private static final long STEADY_NANOS = 1_000_000_000;
    private static final long REMINDER_NANOS = 60_000_000_000L;

    private final String store;
    private final System.Logger log;
    private final Schedule schedule;
    private volatile @Nullable String reason;
    private volatile @Nullable Outage outage;

    /**
     * Creates a logger.
     *
     * @param store the name of the store
     * @param log where to log
     * @param schedule runs reminders and ends of outages
     */
    StoreOutageLogger(String store, System.Logger log, Schedule schedule) {
        this.store = store;
        this.log = log;
        this.schedule = schedule;
    }

    /** Returns why the last call failed; empty if it did not. */
    Optional<String> reason() {
        return Optional.ofNullable(reason);
    }

    /** Records a failed call. */
    void failed(StoreUnavailableException failure) {
        reason = failure.getMessage();
        Outage current = outage;
        if (current == null) {
            start(failure);
        } else {
            current.answering = null;
        }
    }

    /** Records that all shards of the store answer. */
    void answered() {
        if (reason != null) {
            reason = null;
        }
        Outage current = outage;
        if (current != null && current.answering == null) {
            Object answering = new Object();
            current.answering = answering;
            schedule.after(STEADY_NANOS, () -> end(current, answering));
        }
    }

    private synchronized void start(StoreUnavailableException failure) {
        if (outage == null) {
            Outage started = new Outage();
            outage = started;
            log.log(
                    System.Logger.Level.WARNING,
                    "The rate limit store \"" + store
                            + "\" is unavailable, each limit follows its on-store-failure policy: "
                            + failure.getMessage());
            remindLater(started);
        }
    }

    private void remindLater(Outage current) {
        current.reminder = schedule.after(REMINDER_NANOS, () -> remind(current));
    }

    private synchronized void remind(Outage current) {
        if (outage == current) {
            current.minutes++;
            String last = reason;
            log.log(
                    System.Logger.Level.WARNING,
                    "The rate limit store \"" + store + "\" is still not available after " + current.minutes + " min"
                            + (last == null ? "" : ": " + last));
            remindLater(current);
        }
    }

    private synchronized void end(Outage current, Object answering) {
        if (outage == current && current.answering == answering) {
            outage = null;
            Future<?> reminder = current.reminder;
            if (reminder != null) {
                reminder.cancel(false);
            }
            log.log(System.Logger.Level.INFO, "The rate limit store \"" + store + "\" is available again");
        }
    }

    /** Runs a task later. */
    @FunctionalInterface
    interface Schedule {

        /**
         * Runs a task once.
         *
         * @return cancels the task
         */
        Future<?> after(long nanos, Runnable task);
    }

    /** A time during which the store failed calls. */
    private static final class Outage {

        /** Since when the store has answered without a failure; null if its last answer was a failure. */
        private volatile @Nullable Object answering;

        private @Nullable Future<?> reminder;
        private int minutes;
    }
}
