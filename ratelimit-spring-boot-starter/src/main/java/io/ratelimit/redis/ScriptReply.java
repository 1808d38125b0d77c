package io.ratelimit.redis;

import io.ratelimit.algorithm.Observations;
import org.jspecify.annotations.Nullable;

/**
 * What the script answered of a decision.
 *
 * @param outcome {@link #ADMITTED}, {@link #REFUSED} or {@link #UNTOLD}
 * @param millis the server's time
 * @param numbers of a decision, what was observed of each rate; of a renewal, the state of each lease, as an ordinal of
 *     {@link io.ratelimit.algorithm.LeaseState}; if untold, the instant whose window the script missed
 * @param known the observations of a decision that has no numbers; else null
 */
record ScriptReply(
        long outcome, long millis, long[] numbers, @Nullable Observations known) {

    static final long REFUSED = 0;
    static final long ADMITTED = 1;
    static final long UNTOLD = 2;

    private static final long[] NONE = {};

    ScriptReply(long outcome, long millis, long[] numbers) {
        this(outcome, millis, numbers, null);
    }

    /** A decision whose observations the script did not reply number by number. */
    ScriptReply(long outcome, long millis, Observations known) {
        this(outcome, millis, NONE, known);
    }

    /** What the script observed of each rate of a decision. */
    Observations observations() {
        return known != null ? known : Observations.of(numbers);
    }

    boolean admitted() {
        return outcome == ADMITTED;
    }
}
