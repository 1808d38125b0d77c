package io.ratelimit.aop;

import io.ratelimit.Limit;
import io.ratelimit.Tokens;
import io.ratelimit.annotation.RateLimited;
import io.ratelimit.annotation.RateLimitedCall;
import java.math.BigDecimal;
import java.math.BigInteger;
import org.jspecify.annotations.Nullable;

/** What a call costs, in thousandths of a token. */
@FunctionalInterface
interface CostExpression {

    /** The limit's own. */
    CostExpression OF_LIMIT = (limit, call) -> limit.cost();

    long thousandths(Limit limit, RateLimitedCall call);

    /**
     * A cost that is written as a number.
     *
     * @throws InvalidRateLimitedException if it is negative, not finite, or finer than 0.001
     */
    static CostExpression constant(AnnotationAttribute origin, double cost) {
        if (cost == RateLimited.COST_OF_LIMIT) {
            return OF_LIMIT;
        }
        if (!Double.isFinite(cost) || cost < 0) {
            throw origin.invalid(cost < 0 ? "negative" : "not finite", "use zero (free) or a positive number");
        }
        try {
            return new Constant(Tokens.exactly(BigDecimal.valueOf(cost)));
        } catch (IllegalArgumentException ex) {
            throw origin.invalid(
                    "finer than 0.001", "use at most three decimal places, or costExpression, which rounds up", ex);
        }
    }

    /** {@return a cost as people write it: 10, 0.5, NaN} */
    static String text(double cost) {
        return Double.isFinite(cost)
                ? BigDecimal.valueOf(cost).stripTrailingZeros().toPlainString()
                : Double.toString(cost);
    }

    /** A cost that an expression gives, rounded up. */
    static CostExpression computed(AnnotationAttribute origin, CallExpression value) {
        return (limit, call) -> thousandths(origin, value.of(call));
    }

    /** A cost that is known before any call. */
    record Constant(long thousandths) implements CostExpression {

        @Override
        public long thousandths(Limit limit, RateLimitedCall call) {
            return thousandths;
        }
    }

    private static long thousandths(AnnotationAttribute origin, @Nullable Object value) {
        if (!(value instanceof Number number)) {
            throw origin.unusable(
                    value == null ? "null" : "a " + value.getClass().getName() + ", no number",
                    "nothing was charged; give a number that is zero or more");
        }
        try {
            if (number instanceof Integer integer && integer >= 0) {
                return integer * 1000L;
            }
            return number instanceof Double decimal ? Tokens.roundedUp(decimal) : Tokens.roundedUp(decimal(number));
        } catch (IllegalArgumentException ex) {
            IllegalArgumentException unusable = origin.unusable(
                    number.toString(), "nothing was charged; give a finite number that is zero or more");
            unusable.initCause(ex);
            throw unusable;
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
