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
        if (current == null || current.answering) {
            noteFailure(failure);
        } else {
            current.lastReason = failure.getMessage();
        }
    }

    /** Records that all shards of the store answer. */
    void answered() {
        if (reason != null) {
            reason = null;
        }
        Outage current = outage;
        if (current != null && !current.answering) {
            noteAnswer();
        }
    }

    private synchronized void noteFailure(StoreUnavailableException failure) {
        Outage current = outage;
        if (current == null) {
            current = new Outage();
            outage = current;
            log.log(
                    System.Logger.Level.WARNING,
                    "The rate limit store \"" + store
                            + "\" is unavailable, each limit follows its on-store-failure policy: "
                            + failure.getMessage());
            remindLater(current);
        }
        current.answering = false;
        current.steady = false;
        current.lastReason = failure.getMessage();
    }

    private synchronized void noteAnswer() {
        Outage current = outage;
        if (current != null) {
            current.answering = true;
            if (!current.checking) {
                checkLater(current);
            }
        }
    }

    private void checkLater(Outage current) {
        current.checking = true;
        current.steady = true;
        schedule.after(STEADY_NANOS, () -> check(current));
    }

    /** Ends an outage if nothing has failed since the check was scheduled. */
    private synchronized void check(Outage current) {
        current.checking = false;
        if (current.answering && !current.steady) {
            checkLater(current);
        } else if (current.answering) {
            outage = null;
            Future<?> reminder = current.reminder;
            if (reminder != null) {
                reminder.cancel(false);
            }
            log.log(System.Logger.Level.INFO, "The rate limit store \"" + store + "\" is available again");
        }
    }

    private void remindLater(Outage current) {
        current.reminder = schedule.after(REMINDER_NANOS, () -> remind(current));
    }

    private synchronized void remind(Outage current) {
        if (outage == current) {
            current.minutes++;
            log.log(
                    System.Logger.Level.WARNING,
                    "The rate limit store \"" + store + "\" still fails calls after " + current.minutes + " min: "
                            + current.lastReason);
            remindLater(current);
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

        /** True if the last call was answered. */
        private volatile boolean answering;

        private volatile @Nullable String lastReason;
        /** True while a check is scheduled. */
        private boolean checking;
        /** True if no call has failed since the check was scheduled. */
        private boolean steady;

        private @Nullable Future<?> reminder;
        private int minutes;
    }
}
