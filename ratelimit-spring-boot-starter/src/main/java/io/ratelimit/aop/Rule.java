package io.ratelimit.aop;

import io.ratelimit.Charge;
import io.ratelimit.EmptyKeyException;
import io.ratelimit.Limit;
import io.ratelimit.RateLimiters;
import io.ratelimit.Tokens;
import io.ratelimit.UnknownLimitException;
import org.jspecify.annotations.Nullable;

/**
 * One declaration, ready for calls.
 *
 * @param site where it is, with the name of its limit
 * @param fallback null for an exception
 */
record Rule(
        Site site,
        Condition condition,
        Key key,
        Cost cost,
        @Nullable Fallback fallback) {

    String limit() {
        return site.value();
    }

    /**
     * Checks what depends on the limits.
     *
     * @throws InvalidRateLimitedException if its limit does not exist, or never holds its cost
     */
    void check(RateLimiters limiters) {
        Limit current;
        try {
            current = limiters.get(limit()).limit();
        } catch (UnknownLimitException ex) {
            throw site.invalid(
                    "unknown limit",
                    ex.getNearest()
                                    .map(near -> "did you mean \"" + near + "\"? ")
                                    .orElse("") + "Define ratelimit.limits." + limit() + ", or use one of "
                            + ex.getKnown(),
                    ex);
        }
        if (cost instanceof Cost.Constant constant && constant.thousandths() > current.capacity()) {
            throw site.at("cost", Cost.text(Tokens.decimal(constant.thousandths())))
                    .invalid(
                            "the rates " + current.rates() + " of limit \"" + limit() + "\" never hold more than "
                                    + Cost.text(Tokens.decimal(current.capacity())),
                            "lower the cost or raise the burst");
        }
    }

    /**
     * The charge of a call, evaluating key and cost.
     *
     * @throws EmptyKeyException if the key is null or blank and must not be
     * @throws IllegalArgumentException if the cost cannot be charged
     */
    Charge charge(Limit current, Call call, EmptyKey emptyKey) {
        String text = key.text(call);
        if (text == null) {
            if (emptyKey == EmptyKey.REFUSE) {
                throw new EmptyKeyException(limit());
            }
            text = Charge.SHARED;
        }
        return new Charge(current, text, cost.thousandths(current, call));
    }
}
