package io.ratelimit;

import io.ratelimit.algorithm.Algorithm;
import io.ratelimit.algorithm.CalendarPeriod;
import io.ratelimit.algorithm.ConcurrencyCap;
import io.ratelimit.algorithm.InvalidLimitException;
import io.ratelimit.algorithm.Rate;
import io.ratelimit.algorithm.Refill;
import io.ratelimit.algorithm.Tokens;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Checks the options of a limit; each failure names the option, the value, the rule and the fix. */
final class LimitValidation {

    private static final int LONGEST_NAME = 64;
    private static final int FINEST_SHARE = 6;

    private final String limit;
    private final Algorithm algorithm;

    private LimitValidation(String limit, Algorithm algorithm) {
        this.limit = limit;
        this.algorithm = algorithm;
    }

    /** Checks the name and returns the validation of the other options. */
    static LimitValidation of(String name, Algorithm algorithm) {
        if (!isName(name)) {
            throw new InvalidLimitException(
                    "limit name",
                    name,
                    "not 1 to 64 letters, digits, dots, dashes and underscores, beginning with a letter or digit",
                    "choose a name such as search or report.daily");
        }
        return new LimitValidation(name, algorithm);
    }

    private static boolean isName(String name) {
        boolean valid = !name.isEmpty() && name.length() <= LONGEST_NAME && isLetterOrDigit(name.charAt(0));
        for (int i = 1; valid && i < name.length(); i++) {
            char letter = name.charAt(i);
            valid = isLetterOrDigit(letter) || letter == '.' || letter == '_' || letter == '-';
        }
        return valid;
    }

    private static boolean isLetterOrDigit(char letter) {
        return letter >= 'a' && letter <= 'z' || letter >= 'A' && letter <= 'Z' || letter >= '0' && letter <= '9';
    }

    void requireRates(List<Rate> rates, @Nullable ConcurrencyCap cap) {
        if (algorithm == Algorithm.CONCURRENCY) {
            requireCapOnly(rates, cap);
            return;
        }
        if (cap != null) {
            throw invalid(
                    "max-concurrent",
                    cap.max(),
                    "only algorithm concurrency counts calls at once",
                    "drop algorithm " + algorithm.text() + ", or give the limit rates instead");
        }
        if (rates.isEmpty()) {
            throw invalid("rates", rates, "a limit has at least one rate", "give it one, such as 10/s");
        }
        Set<Duration> periods = new HashSet<>();
        for (Rate rate : rates) {
            periods.add(rate.period());
        }
        if (periods.size() < rates.size()) {
            throw invalid(
                    "rates",
                    rates,
                    "two rates have the same period",
                    "write one of them over another period, as 100/10s is 10/s burst 100");
        }
    }

    private void requireCapOnly(List<Rate> rates, @Nullable ConcurrencyCap cap) {
        if (!rates.isEmpty()) {
            throw invalid(
                    "rates",
                    rates,
                    "algorithm concurrency has no rates, but a number of calls at once",
                    "use max-concurrent, or another algorithm");
        }
        if (cap == null) {
            throw invalid(
                    "algorithm",
                    algorithm.text(),
                    "the number of calls that may run at once is not given",
                    "add max-concurrent, such as 2");
        }
    }

    void requireOwnOptions(Refill refill, @Nullable CalendarPeriod calendar) {
        if (refill != Refill.SMOOTH && algorithm != Algorithm.TOKEN_BUCKET) {
            throw invalid(
                    "refill", text(refill), algorithm.text() + " does not refill", "drop refill, or use token-bucket");
        }
        if (calendar != null && algorithm != Algorithm.FIXED_WINDOW) {
            throw invalid(
                    "calendar",
                    text(calendar),
                    algorithm.text() + " has no windows of a calendar",
                    "drop calendar, or use fixed-window");
        }
    }

    /** Checks the cost of a call and returns its thousandths. */
    long cost(BigDecimal tokens, long capacity, List<?> rates) {
        long thousandths = exactly("cost", tokens);
        if (thousandths > capacity) {
            throw invalid(
                    "cost",
                    Tokens.text(tokens),
                    "its rates " + rates + " never hold more than " + Tokens.text(capacity),
                    "lower the cost or raise " + (algorithm == Algorithm.CONCURRENCY ? "max-concurrent" : "the burst"));
        }
        return thousandths;
    }

    /** Checks the prefetch and returns its thousandths. */
    long prefetch(BigDecimal tokens, long cost, long capacity, List<?> rates) {
        long thousandths = exactly("prefetch", tokens);
        if (thousandths > 0 && algorithm == Algorithm.CONCURRENCY) {
            throw invalid(
                    "prefetch",
                    Tokens.text(tokens),
                    algorithm.text() + " counts calls while they run, so that nothing can be taken ahead of them",
                    "drop prefetch");
        }
        if (thousandths > 0 && thousandths > capacity - cost) {
            throw invalid(
                    "prefetch",
                    Tokens.text(tokens),
                    "its rates " + rates + " never hold more than " + Tokens.text(capacity) + ", of which a call takes "
                            + Tokens.text(cost),
                    "use at most " + Tokens.text(capacity - cost) + " or raise the burst");
        }
        return thousandths;
    }

    private long exactly(String option, BigDecimal tokens) {
        try {
            return Tokens.exactly(tokens);
        } catch (InvalidLimitException ex) {
            throw invalid(option, ex.getValue(), ex.getRule(), ex.getFix());
        }
    }

    /** Checks that a wait can be counted exactly, and that the algorithm can reserve tokens ahead. */
    void requireWait(Duration wait, Duration longest) {
        if (wait.isNegative()) {
            throw invalid("max-wait", wait, "negative", "use 0s for not waiting, or a duration such as 5s");
        }
        if (!wait.isZero() && longest.isZero()) {
            throw invalid(
                    "max-wait",
                    wait,
                    algorithm.text() + " cannot promise when a call fits",
                    "use sliding-window, or do not wait");
        }
        if (wait.compareTo(longest) > 0) {
            throw invalid("max-wait", wait, "longer than can be counted exactly", "use at most " + Rate.text(longest));
        }
    }

    /** Checks the share of this node's memory and returns it without trailing zeros. */
    BigDecimal localShare(BigDecimal share, StoreFailurePolicy policy) {
        String text = Tokens.text(share);
        if (share.signum() <= 0 || share.compareTo(BigDecimal.ONE) > 0) {
            throw invalid(
                    "local-share",
                    text,
                    "not above 0 and at most 1",
                    "use 1 divided by the number of nodes, such as 0.25");
        }
        if (share.stripTrailingZeros().scale() > FINEST_SHARE) {
            throw invalid("local-share", text, "finer than 0.000001", "use at most six decimal places");
        }
        if (policy != StoreFailurePolicy.LOCAL && share.compareTo(BigDecimal.ONE) < 0) {
            throw invalid(
                    "local-share",
                    text,
                    "with on-store-failure " + text(policy) + " this node's memory is not asked",
                    "drop local-share, or use on-store-failure local");
        }
        return new BigDecimal(text);
    }

    InvalidLimitException uncountableShare(BigDecimal share, InvalidLimitException cause) {
        return invalid(
                "local-share",
                Tokens.text(share),
                "its share of the limit cannot be counted: " + cause.getOption() + " \"" + cause.getValue() + "\", "
                        + cause.getRule(),
                "use a rounder share");
    }

    private InvalidLimitException invalid(String option, Object value, String rule, String fix) {
        return new InvalidLimitException(limit, option, value, rule, fix);
    }

    private static String text(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
