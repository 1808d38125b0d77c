package io.ratelimit.aop;

import io.ratelimit.Charge;
import io.ratelimit.EmptyKeyException;
import io.ratelimit.Limit;
import io.ratelimit.RateLimiter;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.UnknownLimitException;
import io.ratelimit.algorithm.Tokens;
import io.ratelimit.annotation.RateLimitedCall;
import io.ratelimit.autoconfigure.RateLimitSettings;
import io.ratelimit.autoconfigure.UnknownLimitHint;
import io.ratelimit.expression.CostExpression;
import io.ratelimit.expression.InvalidCallException;
import io.ratelimit.expression.KeyExpression;
import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A declaration whose attributes are resolved and compiled, ready to be evaluated for each call.
 *
 * @param condition null if the declaration applies to every call
 * @param maxWait null for the maximum wait of the limit
 * @param fallback null for an exception
 * @param beans the beans that compute its limit, key or cost
 */
record RateLimitSpec(
        LimitSelector limit,
        @Nullable Predicate<RateLimitedCall> condition,
        KeyExpression key,
        CostExpression cost,
        @Nullable MaxWaitAttribute maxWait,
        SettleSpec settle,
        @Nullable FallbackMethod fallback,
        List<ResolverBeanReference<?>> beans) {

    /**
     * Checks what depends on other beans.
     *
     * @param unknownLimitHint what the failure of an unknown limit adds to its fix
     * @throws InvalidRateLimitedException if a named limit does not exist, can never hold the cost, does not support
     *     the wait or cannot be settled, or if a bean is missing
     */
    void check(RateLimiterRegistry registry, String unknownLimitHint) {
        beans.forEach(ResolverBeanReference::check);
        checkLimits(registry, unknownLimitHint);
    }

    /**
     * Checks the named limits only.
     *
     * @param unknownLimitHint what the failure of an unknown limit adds to its fix
     * @throws InvalidRateLimitedException if a named limit does not exist, can never hold the cost, does not support
     *     the wait or cannot be settled
     */
    void checkLimits(RateLimiterRegistry registry, String unknownLimitHint) {
        for (String name : limit.written()) {
            check(name, registry, unknownLimitHint);
        }
    }

    private void check(String name, RateLimiterRegistry registry, String unknownLimitHint) {
        Limit current;
        try {
            current = registry.get(name).limit();
        } catch (UnknownLimitException ex) {
            throw limit.origin()
                    .invalid(
                            limit.isComputed() ? "unknown limit \"" + name + "\"" : "unknown limit",
                            ex.getNearest()
                                            .map(near -> "did you mean \"" + near + "\"? ")
                                            .orElse("") + "Define " + UnknownLimitHint.property(name)
                                    + ", or use one of "
                                    + ex.getKnown() + unknownLimitHint,
                            ex);
        }
        if (maxWait != null) {
            maxWait.check(current);
        }
        if (current.isLeased() && settle.used() != null) {
            throw limit.origin()
                    .invalid(
                            "limit \"" + name + "\" limits concurrent calls, which cannot be settled",
                            "drop settle, or name another limit");
        }
        if (cost instanceof CostExpression.Constant constant && constant.thousandths() > current.capacity()) {
            throw limit.origin()
                    .at("cost", constant.text())
                    .invalid(
                            "the rates "
                                    + current.texts()
                                    + " of limit \"" + name + "\" never hold more than "
                                    + Tokens.text(current.capacity()),
                            "lower the cost or raise " + (current.isLeased() ? "max-concurrent" : "the burst"));
        }
    }

    /** Returns whether a charge may change when its call ends. */
    boolean settles() {
        return settle != SettleSpec.AS_CHARGED;
    }

    /** Returns whether the end of a call matters: a lease is released then, or a charge settled. */
    boolean endsWithCall(RateLimiterRegistry registry) {
        return settles()
                || limit.written().stream()
                        .flatMap(name -> registry.find(name).flatMap(RateLimiter::current).stream())
                        .anyMatch(Limit::isLeased);
    }

    /** Returns how long a call may wait for its charge. */
    Duration maxWait(Charge charge) {
        return maxWait == null ? charge.limit().maxWait() : maxWait.duration();
    }

    /**
     * Evaluates condition, limit, key and cost of a call.
     *
     * @return the charge; null if the declaration does not apply to the call
     * @throws UnknownLimitException if the limit is not defined, unless an expression of the call names it
     * @throws EmptyKeyException if the key is null or blank
     * @throws InvalidCallException if the values of the call give no valid condition, limit, key or cost
     */
    @Nullable Charge charge(RateLimitedCall call, RateLimiterRegistry registry, RateLimitSettings settings) {
        Limit current = null;
        try {
            if (condition != null && !condition.test(call)) {
                return null;
            }
            current = limit.limit(call, registry, settings);
            return current == null ? null : charge(current, call, settings);
        } catch (InvalidCallException ex) {
            String name = current != null ? current.name() : limit.fixedName();
            throw name == null ? ex : ex.forLimit(name);
        }
    }

    private Charge charge(Limit current, RateLimitedCall call, RateLimitSettings settings) {
        String text = key.text(call);
        if (text == null) {
            if (!settings.sharesEmptyKeys()) {
                throw new EmptyKeyException(current.name());
            }
            text = Charge.SHARED;
        }
        return new Charge(current, text, cost.thousandths(current, call));
    }
}
