package io.ratelimit.redis;

/**
 * What the script answered of a decision.
 *
 * @param outcome {@link #ADMITTED}, {@link #REFUSED} or {@link #UNTOLD}
 * @param millis the server's time
 * @param numbers those seen of each rate, as {@link io.ratelimit.Decision#of} wants them; of a renewal, the state of each
 *     lease, as an ordinal of {@link io.ratelimit.LeaseState}; if untold, the instant whose window the script missed
 */
record ScriptReply(long outcome, long millis, long[] numbers) {

    static final long REFUSED = 0;
    static final long ADMITTED = 1;
    static final long UNTOLD = 2;

    boolean admitted() {
        return outcome == ADMITTED;
    }
}
