package io.ratelimit.aop;

import io.ratelimit.Charge;
import io.ratelimit.EmptyKeyException;
import io.ratelimit.Limit;
import io.ratelimit.RateLimiters;
import io.ratelimit.Tokens;
import io.ratelimit.UnknownLimitException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One declaration, ready for calls.
 *
 * @param site where it is, with the name of its limit
 * @param condition null for always
 * @param key null for the bucket that all callers share
 * @param fallback null for an exception
 */
record Rule(
        Site site,
        @Nullable CallValue condition,
        @Nullable CallValue key,
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
            throw site.at("cost", Double.toString(Tokens.decimal(constant.thousandths())))
                    .invalid(
                            "the rates " + current.rates() + " of limit \"" + limit() + "\" never hold more than "
                                    + Tokens.decimal(current.capacity()),
                            "lower the cost or raise the burst");
        }
    }

    boolean counts(Call call) {
        if (condition == null) {
            return true;
        }
        if (condition.of(call) instanceof Boolean holds) {
            return holds;
        }
        throw site.at("condition", limit()).unusable("no boolean", "give true or false");
    }

    Charge charge(Limit current, Call call, EmptyKey emptyKey) {
        return new Charge(
                current, key == null ? Charge.SHARED : key(key.of(call), emptyKey), cost.thousandths(current, call));
    }

    private String key(@Nullable Object value, EmptyKey emptyKey) {
        String text = value instanceof String same ? same : text(value);
        if (text != null && !text.isBlank()) {
            return text;
        }
        if (emptyKey == EmptyKey.SHARED) {
            return Charge.SHARED;
        }
        throw new EmptyKeyException(limit());
    }

    private @Nullable String text(@Nullable Object value) {
        if (value == null) {
            return null;
        }
        if (value instanceof Enum<?> constant) {
            return constant.name();
        }
        if (value instanceof Optional<?> optional) {
            return text(optional.orElse(null));
        }
        if (value.getClass().isArray()) {
            throw site.at("key", limit()).unusable("an array, which is no key", "take an element, or join them");
        }
        return value.toString();
    }
}
