package io.ratelimit.algorithm;

import java.math.BigDecimal;
import java.math.RoundingMode;

/**
 * Converts tokens between the decimals of at most three places that people write and the thousandths that stores count.
 *
 * <p>{@code 1} is 1000 thousandths and {@code 0.5} is 500. No floating-point product decides a result, so {@code 0.1}
 * is exactly 100.
 */
public final class Tokens {

    /** A number of thousandths that no bucket can hold, 2<sup>53</sup>. Larger costs count as this number. */
    public static final long MOST_THOUSANDTHS = 1L << 53;

    private static final BigDecimal LEAST = BigDecimal.valueOf(1, 3);
    private static final BigDecimal MOST = BigDecimal.valueOf(MOST_THOUSANDTHS, 3);

    /** Below this number of tokens, a product with 1000 is wrong by less than half a thousandth. */
    private static final double DIVISIBLE = 1e12;

    private Tokens() {}

    /**
     * Converts a constant, which must not be finer than 0.001.
     *
     * @param tokens zero or more; {@code 2.5} gives 2500
     * @return thousandths, at most {@link #MOST_THOUSANDTHS}
     * @throws InvalidLimitException if the value is negative or has more than three decimal places
     */
    public static long exactly(BigDecimal tokens) {
        if (tokens.stripTrailingZeros().scale() > 3) {
            throw new InvalidLimitException(
                    "number of tokens", text(tokens), "finer than 0.001", "use at most three decimal places");
        }
        if (tokens.signum() < 0) {
            throw new InvalidLimitException(
                    "number of tokens", text(tokens), "negative", "use zero (free) or a positive number");
        }
        return roundedUp(tokens);
    }

    /**
     * Converts a computed cost, rounding up.
     *
     * @param tokens zero or more; {@code 0.0001} gives 1
     * @return thousandths, at most {@link #MOST_THOUSANDTHS}
     * @throws IllegalArgumentException if the value is negative
     */
    public static long roundedUp(BigDecimal tokens) {
        if (tokens.signum() < 0) {
            throw new IllegalArgumentException(
                    "Invalid number of tokens " + tokens + ": negative; use zero (free) or a positive number");
        }
        if (tokens.compareTo(MOST) >= 0) {
            return MOST_THOUSANDTHS;
        }
        if (tokens.compareTo(LEAST) <= 0) {
            return tokens.signum();
        }
        return tokens.movePointRight(3).setScale(0, RoundingMode.CEILING).longValueExact();
    }

    /**
     * Converts a computed cost, rounding up from the decimal that the double prints as.
     *
     * @param tokens zero or more, finite; {@code 0.1} gives 100
     * @return thousandths, at most {@link #MOST_THOUSANDTHS}
     * @throws IllegalArgumentException if the value is negative, NaN or infinite
     */
    public static long roundedUp(double tokens) {
        long whole = (long) tokens;
        if (whole == tokens && whole >= 0 && whole < DIVISIBLE) {
            return whole * 1000;
        }
        if (tokens >= 0 && tokens < DIVISIBLE) {
            // The product is a guess. The quotient, which is the double nearest to that number of thousandths, decides.
            long nearest = (long) Math.rint(tokens * 1000);
            return decimal(nearest) < tokens ? nearest + 1 : nearest;
        }
        if (!Double.isFinite(tokens)) {
            throw new IllegalArgumentException(
                    "Invalid number of tokens " + tokens + ": not finite; use zero (free) or a positive number");
        }
        return roundedUp(BigDecimal.valueOf(tokens));
    }

    /**
     * Converts thousandths to a decimal.
     *
     * @param thousandths a count whose magnitude is at most {@link #MOST_THOUSANDTHS}
     * @return the double that prints as the exact decimal; 2500 gives {@code 2.5}
     */
    public static double decimal(long thousandths) {
        return thousandths / 1000.0;
    }

    /**
     * Writes thousandths as the decimal that they are.
     *
     * @param thousandths any count
     * @return plain digits; 2500 gives {@code 2.5}
     */
    public static String text(long thousandths) {
        return text(BigDecimal.valueOf(thousandths, 3));
    }

    /**
     * Writes tokens without trailing zeros.
     *
     * @param tokens any number
     * @return plain digits, or scientific notation where there would be more than thirty of them
     */
    public static String text(BigDecimal tokens) {
        BigDecimal stripped = tokens.stripTrailingZeros();
        return tokens.signum() == 0
                ? "0"
                : Math.abs(stripped.scale()) > 30 ? stripped.toString() : stripped.toPlainString();
    }
}
