package io.ratelimit.remote;

import io.ratelimit.StoreUnavailableException;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Logs when a store becomes unavailable and when it is available again, at most one line a second. */
final class StoreOutageLogger {

    private static final long LOG_INTERVAL_NANOS = 1_000_000_000;

    private final String store;
    private final System.Logger log;
    private final LongSupplier clock;
    private volatile boolean unavailable;
    private volatile @Nullable String reason;
    private long loggedAt;

    StoreOutageLogger(String store, System.Logger log, LongSupplier nanoClock) {
        this.store = store;
        this.log = log;
        this.clock = nanoClock;
        this.loggedAt = nanoClock.getAsLong() - LOG_INTERVAL_NANOS;
    }

    /** Returns why the last call failed; empty if it did not. */
    Optional<String> reason() {
        return Optional.ofNullable(reason);
    }

    /** Records a failed call. */
    void failed(StoreUnavailableException failure) {
        reason = failure.getMessage();
        if (!unavailable && mayLog()) {
            unavailable = true;
            log.log(
                    System.Logger.Level.WARNING,
                    "The rate limit store \"" + store
                            + "\" is unavailable, each limit follows its on-store-failure policy: "
                            + failure.getMessage());
        }
    }

    /** Records that all shards of the store answer. */
    void answered() {
        if (reason != null) {
            reason = null;
        }
        if (unavailable && mayLog()) {
            unavailable = false;
            log.log(System.Logger.Level.INFO, "The rate limit store \"" + store + "\" is available again");
        }
    }

    private synchronized boolean mayLog() {
        long now = clock.getAsLong();
        if (now - loggedAt < LOG_INTERVAL_NANOS) {
            return false;
        }
        loggedAt = now;
        return true;
    }
}
