package io.ratelimit.redis;

import io.ratelimit.algorithm.Observations;
import org.jspecify.annotations.Nullable;

/**
 * The reply of the script to one decision.
 *
 * @param outcome {@link #ADMITTED}, {@link #REJECTED} or {@link #WINDOW_MISSING}
 * @param millis the time of the server, in milliseconds since the epoch
 * @param numbers the observations of each rate; of a renewal, the state of each lease as an ordinal of LeaseState; if
 *     a window is missing, the instant whose window it is
 * @param known the observations of a decision that has no numbers; null otherwise
 */
record ScriptReply(
        long outcome, long millis, long[] numbers, @Nullable Observations known) {

    static final long REJECTED = 0;
    static final long ADMITTED = 1;
    static final long WINDOW_MISSING = 2;

    private static final long[] NONE = {};

    ScriptReply(long outcome, long millis, long[] numbers) {
        this(outcome, millis, numbers, null);
    }

    /** Creates the reply of a decision whose observations are not part of the reply. */
    ScriptReply(long outcome, long millis, Observations known) {
        this(outcome, millis, NONE, known);
    }

    /** Returns the observations of each rate of a decision. */
    Observations observations() {
        return known != null ? known : Observations.of(numbers);
    }

    boolean admitted() {
        return outcome == ADMITTED;
    }
}
