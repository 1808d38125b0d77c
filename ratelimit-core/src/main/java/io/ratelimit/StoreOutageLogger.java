package io.ratelimit;

import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Says in the log when a store stops answering and when it answers again, at most once a second. */
final class StoreOutageLogger {

    private static final System.Logger LOG = System.getLogger(FallbackStore.class.getName());
    private static final long PAUSE_NANOS = 1_000_000_000;

    private final String store;
    private final LongSupplier clock;
    private volatile boolean away;
    private volatile @Nullable String reason;
    private long loggedAt;

    StoreOutageLogger(String store, LongSupplier nanoClock) {
        this.store = store;
        this.clock = nanoClock;
        this.loggedAt = nanoClock.getAsLong() - PAUSE_NANOS;
    }

    /** Why the last question was not answered, if it was not. */
    Optional<String> reason() {
        return Optional.ofNullable(reason);
    }

    void failed(StoreUnavailableException failure) {
        reason = failure.getMessage();
        if (!away && mayLog()) {
            away = true;
            LOG.log(
                    System.Logger.Level.WARNING,
                    "The rate limit store \"" + store + "\" cannot be asked, limits answer by on-store-failure: "
                            + failure.getMessage());
        }
    }

    void answered() {
        if (reason != null) {
            reason = null;
        }
        if (away && mayLog()) {
            away = false;
            LOG.log(System.Logger.Level.INFO, "The rate limit store \"" + store + "\" answers again");
        }
    }

    private synchronized boolean mayLog() {
        long now = clock.getAsLong();
        if (now - loggedAt < PAUSE_NANOS) {
            return false;
        }
        loggedAt = now;
        return true;
    }
}
