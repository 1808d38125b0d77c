package io.ratelimit.redis;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Limits how often the topology of a cluster is read while a node does not answer. Each time the driver tries to
 * connect to this node, and logs a stack trace when it fails.
 *
 * <p>The pauses are a third of the time since the first refresh, so that a failover is noticed soon after it has
 * happened: 4 s after the node is lost within 2 s, and 15 s after it within 5 s. They are at most 30 s long.
 */
final class TopologyRefreshPace {

    private static final long LONGEST_NANOS = Duration.ofSeconds(30).toNanos();
    private static final long QUIET_NANOS = Duration.ofSeconds(10).toNanos();

    private final LongSupplier clock;
    private boolean hasBegun;
    private long first;
    private long last;
    private long asked;

    TopologyRefreshPace(LongSupplier clock) {
        this.clock = clock;
    }

    /** Returns whether to refresh now. After ten seconds without a question, the pauses are short again. */
    synchronized boolean mayRefresh() {
        long now = clock.getAsLong();
        boolean isNew = !hasBegun || now - asked > QUIET_NANOS;
        hasBegun = true;
        asked = now;
        if (isNew) {
            first = now;
        } else if (now - last < Math.min((last - first) / 3, LONGEST_NANOS)) {
            return false;
        }
        last = now;
        return true;
    }
}
