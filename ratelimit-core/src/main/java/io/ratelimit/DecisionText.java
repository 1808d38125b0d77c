package io.ratelimit;

import io.ratelimit.algorithm.Rate;
import io.ratelimit.algorithm.Tokens;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;

/**
 * Writes the figures of a decision for people, who need no microseconds: a wait of 3.01 s is {@code 3.1s}, and 0.059
 * tokens left are {@code 0}. Waits are rounded up and remaining tokens are rounded down, so that a caller who believes
 * the text is admitted.
 */
final class DecisionText {

    private static final int TENTH_NANOS = 100_000_000;
    private static final int TENTHS_OF_A_MINUTE = 600;
    private static final long MOST_TOKENS = Tokens.MOST_THOUSANDTHS / 1000;

    private DecisionText() {}

    /** Writes a wait in tenths of a second, {@code 0.1s}, and from a minute on in whole seconds, {@code 1m30s}. */
    static String wait(Duration wait) {
        long tenths = wait.compareTo(Duration.ofMinutes(1)) < 0 ? tenths(wait) : TENTHS_OF_A_MINUTE;
        return tenths < TENTHS_OF_A_MINUTE
                ? text(BigDecimal.valueOf(tenths, 1)) + "s"
                : Rate.text(wait.getNano() == 0 ? wait : Duration.ofSeconds(wait.getSeconds() + 1));
    }

    /** Writes remaining tokens in tenths. */
    static String remaining(double tokens) {
        return text(BigDecimal.valueOf(tokens).setScale(1, RoundingMode.FLOOR));
    }

    /** Writes a cost in full; a cost that is more than can be counted as {@code 9007199254740 or more}. */
    static String cost(long thousandths) {
        return thousandths < Tokens.MOST_THOUSANDTHS ? Tokens.text(thousandths) : MOST_TOKENS + " or more";
    }

    private static long tenths(Duration wait) {
        return wait.getSeconds() * 10 + (wait.getNano() + TENTH_NANOS - 1) / TENTH_NANOS;
    }

    private static String text(BigDecimal figure) {
        return Tokens.text(figure);
    }
}
