package io.ratelimit.expression;

import io.ratelimit.Limit;
import io.ratelimit.algorithm.Tokens;
import io.ratelimit.annotation.RateLimited;
import io.ratelimit.annotation.RateLimitedCall;
import java.math.BigDecimal;
import java.math.BigInteger;
import org.jspecify.annotations.Nullable;

/** The cost of a call in thousandths of a token, as a number or as an expression. */
@FunctionalInterface
public interface CostExpression {

    /** The rule for computed costs. */
    String RULE = "a cost is a finite number that is zero or more";

    /** The cost that the limit sets for its calls. */
    CostExpression OF_LIMIT = (limit, call) -> limit.cost();

    /**
     * Evaluates the cost.
     *
     * @param limit the limit that is charged
     * @param call the call
     * @return thousandths of a token, zero or more: 500 for 0.5 tokens
     * @throws InvalidCallException if the value is no number, negative or not finite
     */
    long thousandths(Limit limit, RateLimitedCall call);

    /**
     * Creates the cost that is written as a number.
     *
     * @param origin where it is written
     * @param cost tokens, or {@link RateLimited#COST_OF_LIMIT}
     * @return the cost
     * @throws RuntimeException the origin's exception, if the cost is negative, not finite, or finer than 0.001
     */
    static CostExpression constant(ExpressionOrigin origin, double cost) {
        if (cost == RateLimited.COST_OF_LIMIT) {
            return OF_LIMIT;
        }
        if (!Double.isFinite(cost) || cost < 0) {
            throw origin.invalid(cost < 0 ? "negative" : "not finite", "use zero (free) or a positive number");
        }
        try {
            return new Constant(Tokens.exactly(BigDecimal.valueOf(cost)), text(cost));
        } catch (IllegalArgumentException ex) {
            throw origin.invalid(
                    "finer than 0.001", "use at most three decimal places, or costExpression, which rounds up", ex);
        }
    }

    /**
     * Formats a cost for messages.
     *
     * @param cost tokens
     * @return for example {@code 10}, {@code 0.5} or {@code NaN}
     */
    static String text(double cost) {
        return Double.isFinite(cost) ? Tokens.text(BigDecimal.valueOf(cost)) : Double.toString(cost);
    }

    /**
     * Creates a cost that is computed for each call and rounded up to a thousandth.
     *
     * @param origin where its text is written
     * @param value gives the number of tokens
     * @return the cost
     */
    static CostExpression computed(ExpressionOrigin origin, CallExpression value) {
        return new Computed(origin, value);
    }

    /**
     * A cost that is known before any call.
     *
     * @param thousandths thousandths of a token
     * @param text the cost as it is written
     */
    record Constant(long thousandths, String text) implements CostExpression {

        @Override
        public long thousandths(Limit limit, RateLimitedCall call) {
            return thousandths;
        }
    }

    /**
     * A cost that is computed for each call.
     *
     * @param origin where its text is written
     * @param value gives the number of tokens
     */
    record Computed(ExpressionOrigin origin, CallExpression value) implements CostExpression {

        @Override
        public long thousandths(Limit limit, RateLimitedCall call) {
            Object tokens = value.of(call);
            if (!(tokens instanceof Number number)) {
                throw noNumber(tokens);
            }
            try {
                if (number instanceof Integer integer && integer >= 0) {
                    return integer * 1000L;
                }
                return number instanceof Double decimal ? Tokens.roundedUp(decimal) : Tokens.roundedUp(decimal(number));
            } catch (IllegalArgumentException ex) {
                throw origin.unusable(
                        UnusableValue.shown(number.toString(), RULE), "return a finite number that is zero or more");
            }
        }

        private InvalidCallException noNumber(@Nullable Object tokens) {
            return origin.unusable(
                    tokens == null
                            ? UnusableValue.shown("null", RULE)
                            : UnusableValue.described("a " + tokens.getClass().getName() + ", no number", RULE),
                    "return a number that is zero or more");
        }
    }

    private static BigDecimal decimal(Number number) {
        if (number instanceof BigDecimal decimal) {
            return decimal;
        }
        if (number instanceof BigInteger integer) {
            return new BigDecimal(integer);
        }
        if (number instanceof Long || number instanceof Integer || number instanceof Short || number instanceof Byte) {
            return BigDecimal.valueOf(number.longValue());
        }
        return new BigDecimal(number.toString());
    }
}
