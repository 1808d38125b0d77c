package io.ratelimit.algorithm;

/** How a token bucket refills. */
public enum Refill {

    /** Continuously: {@code 60/1m} gives one token a second. */
    SMOOTH,

    /**
     * In whole portions at the end of each period: {@code 60/1m} gives sixty tokens one minute after a full bucket was
     * first charged, and again each minute after that.
     */
    INTERVAL
}
