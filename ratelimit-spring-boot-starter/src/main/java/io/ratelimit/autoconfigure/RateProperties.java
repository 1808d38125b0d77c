package io.ratelimit.autoconfigure;

import io.ratelimit.algorithm.InvalidLimitException;
import io.ratelimit.algorithm.Rate;
import org.jspecify.annotations.Nullable;

/**
 * The properties of a rate: its parts, or its whole text in place of the tokens.
 *
 * <p>They are parsed when the limits are created, so that an invalid one is reported with its rule.
 *
 * @param tokens Tokens that are refilled in each period, such as 100.
 * @param per The period, such as 1m.
 * @param burst Capacity of the bucket. By default the tokens of one period.
 */
record RateProperties(
        @Nullable String tokens,
        @Nullable String per,
        @Nullable String burst) {

    /**
     * Creates a rate from text, such as {@code 1000/1h burst 200}. Spring finds this method by its name when it
     * converts text.
     */
    public static RateProperties of(String text) {
        return new RateProperties(text, null, null);
    }

    /**
     * Parses the rate.
     *
     * @throws InvalidLimitException if the text is no rate
     */
    Rate toRate() {
        return Rate.parse(text());
    }

    /** Returns the rate as one text. */
    String text() {
        return (tokens == null ? "" : tokens)
                + (per == null ? "" : "/" + per)
                + (burst == null ? "" : " burst " + burst);
    }
}
