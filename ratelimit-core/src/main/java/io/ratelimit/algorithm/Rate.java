package io.ratelimit.algorithm;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.StringTokenizer;

/**
 * A number of tokens per period, and the number of tokens that can be saved up for a burst.
 *
 * <p>{@code Rate.parse("10/s")} refills ten tokens a second and holds ten. {@code Rate.parse("1000/1h burst 200")}
 * refills one token every 3.6 seconds and holds two hundred.
 *
 * @param tokens refilled each period: 0.001 or more, at most three decimal places
 * @param period a whole number of microseconds below a minute, of milliseconds from a minute on
 * @param burst the most tokens that can be saved up: 0.001 or more, at most three decimal places
 */
public record Rate(BigDecimal tokens, Duration period, BigDecimal burst) {

    private static final BigDecimal MOST = BigDecimal.valueOf(Tokens.MOST_THOUSANDTHS, 3);
    private static final Duration LONGEST_WINDOW = Duration.ofDays(10_000);
    private static final String WHITESPACE = " \t\n\u000B\f\r";
    private static final int MOST_DIGITS = 18;

    /**
     * Checks the three parts. A limit checks whether its algorithm can count them together.
     *
     * @throws InvalidLimitException if a part is not positive, or finer than can be counted
     */
    public Rate {
        tokens = positive("tokens", tokens);
        burst = positive("burst", burst);
        if (period.isNegative() || period.isZero()) {
            throw new InvalidLimitException("period", period, "not positive", "use a duration such as 1s or 10m");
        }
        Duration tick = tick(period);
        if (period.getNano() % tick.toNanos() != 0) {
            throw new InvalidLimitException(
                    "period",
                    period,
                    "finer than " + PeriodFormat.text(tick) + ", the tick of "
                            + (tick.toNanos() == 1000 ? "periods below a minute" : "periods from a minute on"),
                    "use a whole number of ticks");
        }
    }

    /**
     * Creates a rate whose burst is its tokens.
     *
     * @param tokens refilled each period, and the most that can be saved up
     * @param period the period; {@code Rate.of(10, Duration.ofSeconds(1))} is {@code 10/s}
     * @return the rate
     * @throws InvalidLimitException if a part is not positive, or finer than can be counted
     */
    public static Rate of(double tokens, Duration period) {
        BigDecimal decimal = decimal("tokens", tokens);
        return new Rate(decimal, period, decimal);
    }

    /**
     * Returns this rate with another burst.
     *
     * @param burst the most tokens that can be saved up; it may be below the tokens of a period
     * @return the rate
     * @throws InvalidLimitException if the burst is not positive, or finer than 0.001
     */
    public Rate withBurst(double burst) {
        return new Rate(tokens, period, decimal("burst", burst));
    }

    /**
     * Reads {@code tokens/period} with an optional {@code burst tokens}: {@code 10/s}, {@code 0.5/100ms},
     * {@code 5/10m}, {@code 1000/1h burst 200}, {@code 3/PT1M30S}.
     *
     * @param text the rate
     * @return the rate
     * @throws InvalidLimitException if the text is not a rate, naming the part that is wrong
     */
    public static Rate parse(String text) {
        String stripped = text.strip();
        int slash = stripped.indexOf('/');
        List<String> before = words(stripped.substring(0, Math.max(0, slash)));
        List<String> after = words(stripped.substring(slash + 1));
        boolean hasBurst = after.size() == 3 && after.get(1).equals("burst");
        if (before.size() != 1 || after.size() != 1 && !hasBurst) {
            throw new InvalidLimitException(
                    "rate", text, "not of the form tokens/period", "write for example 10/s or 1000/1h burst 200");
        }
        BigDecimal tokens = number(text, "tokens", before.get(0));
        BigDecimal burst = hasBurst ? number(text, "burst", after.get(2)) : tokens;
        Duration period;
        try {
            period = PeriodFormat.parse(after.get(0));
        } catch (InvalidLimitException ex) {
            throw new InvalidLimitException("rate", text, ex.getRule(), ex.getFix());
        }
        try {
            return new Rate(tokens, period, burst);
        } catch (InvalidLimitException ex) {
            throw new InvalidLimitException(
                    "rate",
                    text,
                    "invalid " + ex.getOption() + " \"" + ex.getValue() + "\": " + ex.getRule(),
                    ex.getFix());
        }
    }

    /** {@return the period as text, such as {@code 1s}, {@code 10m} or {@code 1m30s}} */
    public String periodText() {
        return PeriodFormat.text(period);
    }

    /**
     * Writes a duration as rates write their periods.
     *
     * @param duration zero or more
     * @return its shortest text: {@code 0s}, {@code 100ms}, {@code 1m30s}; ISO-8601 below a microsecond
     */
    public static String text(Duration duration) {
        return PeriodFormat.text(duration);
    }

    /** Returns the step of time in which a period is counted: a microsecond below a minute, else a millisecond. */
    static Duration tick(Duration period) {
        return period.compareTo(Duration.ofMinutes(1)) < 0 ? Duration.ofNanos(1000) : Duration.ofMillis(1);
    }

    /** Converts a period to ticks. */
    static long ticks(Duration period) {
        long tickNanos = tick(period).toNanos();
        return Math.addExact(
                Math.multiplyExact(period.getSeconds(), 1_000_000_000 / tickNanos), period.getNano() / tickNanos);
    }

    /** Checks that this rate can be counted in windows: it has no burst of its own, and its period is not too long. */
    void requireWindow(Algorithm algorithm) {
        if (period.compareTo(LONGEST_WINDOW) > 0) {
            throw new InvalidLimitException(
                    "rate",
                    this,
                    "windows of more than " + PeriodFormat.text(LONGEST_WINDOW) + " cannot be counted exactly",
                    "use a shorter period");
        }
        if (!burst.equals(tokens)) {
            throw new InvalidLimitException(
                    "rate",
                    this,
                    "burst is for token-bucket, and " + algorithm.text() + " holds the tokens of a period",
                    "write " + Tokens.text(tokens) + "/" + PeriodFormat.perText(period));
        }
    }

    /** Returns the shortest text that {@link #parse(String)} reads as this rate. */
    @Override
    public String toString() {
        String rate = Tokens.text(tokens) + "/" + PeriodFormat.perText(period);
        return burst.equals(tokens) ? rate : rate + " burst " + Tokens.text(burst);
    }

    /** Splits a text without a regular expression, whose lambdas take a new JVM several milliseconds. */
    private static List<String> words(String text) {
        List<String> words = new ArrayList<>(3);
        for (StringTokenizer rest = new StringTokenizer(text, WHITESPACE); rest.hasMoreTokens(); ) {
            words.add(rest.nextToken());
        }
        return words;
    }

    private static BigDecimal positive(String part, BigDecimal value) {
        String text = Tokens.text(value);
        if (value.signum() <= 0) {
            throw new InvalidLimitException(part, text, "not positive", "use 0.001 or more");
        }
        if (value.stripTrailingZeros().scale() > 3) {
            throw new InvalidLimitException(part, text, "finer than 0.001", "use at most three decimal places");
        }
        if (value.compareTo(MOST) > 0) {
            throw new InvalidLimitException(
                    part, text, "more than can be counted", "use " + MOST.toBigInteger() + " or less");
        }
        return new BigDecimal(text);
    }

    private static BigDecimal decimal(String part, double value) {
        if (!Double.isFinite(value)) {
            throw new InvalidLimitException(part, value, "not finite", "use 0.001 or more");
        }
        return BigDecimal.valueOf(value);
    }

    private static BigDecimal number(String text, String part, String number) {
        if (!isDecimal(number)) {
            throw new InvalidLimitException(
                    "rate", text, part + " \"" + number + "\" is not a decimal number", "write for example 10 or 0.5");
        }
        return new BigDecimal(number);
    }

    /** Returns whether a text is a number such as -1 or 0.5, with at most 18 digits before and after the point. */
    private static boolean isDecimal(String number) {
        int begin = number.startsWith("-") ? 1 : 0;
        int point = number.indexOf('.');
        return point < 0
                ? isDigits(number, begin, number.length())
                : isDigits(number, begin, point) && isDigits(number, point + 1, number.length());
    }

    private static boolean isDigits(String text, int begin, int end) {
        return begin < end && end - begin <= MOST_DIGITS && PeriodFormat.skip(text, begin, '0', '9') >= end;
    }
}
