package io.ratelimit.autoconfigure;

import io.ratelimit.algorithm.InvalidLimitException;
import io.ratelimit.algorithm.Rate;
import org.jspecify.annotations.Nullable;

/**
 * A rate as it is configured: its parts, or in place of the tokens its whole text.
 *
 * <p>The parts are read no sooner than when limits are made of them, so that a wrong one is reported with its rule.
 *
 * @param tokens Tokens that are refilled in each period, such as 100.
 * @param per The period, such as 1m.
 * @param burst Capacity of the bucket. By default the tokens of one period.
 */
record RateProperties(
        @Nullable String tokens,
        @Nullable String per,
        @Nullable String burst) {

    /** A rate given as text, such as {@code 1000/1h burst 200}; found by name when Spring converts text. */
    public static RateProperties of(String text) {
        return new RateProperties(text, null, null);
    }

    /**
     * Reads the rate.
     *
     * @throws InvalidLimitException if it is none
     */
    Rate toRate() {
        return Rate.parse(text());
    }

    /** The rate as one text, whichever way it was given. */
    String text() {
        return (tokens == null ? "" : tokens)
                + (per == null ? "" : "/" + per)
                + (burst == null ? "" : " burst " + burst);
    }
}
