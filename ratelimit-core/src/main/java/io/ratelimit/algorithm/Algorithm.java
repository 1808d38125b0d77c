package io.ratelimit.algorithm;

import java.util.Locale;

/**
 * The algorithm by which a limit counts. {@code docs/algorithms.md} has the bound and the memory of each, and when to
 * choose it.
 */
public enum Algorithm {

    /**
     * A bucket of tokens that refills at the rate: it admits a burst, and then calls at an even rate. See
     * {@link TokenBucket}.
     */
    TOKEN_BUCKET,

    /**
     * A log of consumed tokens: never more than the rate's tokens in any window of its period. See
     * {@link SlidingWindowLog}.
     */
    SLIDING_WINDOW,

    /** Two counters that estimate a log. See {@link SlidingWindowCounter}. */
    SLIDING_WINDOW_COUNTER,

    /** One counter for each window, since the epoch or of a calendar. See {@link FixedWindow}. */
    FIXED_WINDOW,

    /** Leases of calls that run at the same time, released when they end. See {@link ConcurrencyLeases}. */
    CONCURRENCY;

    /** {@return the name as properties write it, such as {@code token-bucket}} */
    public String text() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
