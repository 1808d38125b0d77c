package io.ratelimit;

import java.util.Locale;

/** How a limit counts. Each one's bound and memory, and when to choose it, are in {@code docs/algorithms.md}. */
public enum Algorithm {

    /** Tokens that come back while they are taken: a burst, then an even flow. See {@link TokenBucket}. */
    TOKEN_BUCKET,

    /** A log of what was taken: never more than the rate's tokens in any window of its period. See {@link SlidingWindowLog}. */
    SLIDING_WINDOW,

    /** Two counters instead of a log, which estimate it. See {@link SlidingWindowCounter}. */
    SLIDING_WINDOW_COUNTER,

    /** One counter a window, from the epoch or by calendar. See {@link FixedWindow}. */
    FIXED_WINDOW,

    /** Leases of calls that run at the same time, given back when they end. See {@link ConcurrencyLeases}. */
    CONCURRENCY;

    /** {@return the name as properties write it, such as {@code token-bucket}} */
    public String text() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
