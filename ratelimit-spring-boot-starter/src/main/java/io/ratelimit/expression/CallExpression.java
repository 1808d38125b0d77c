package io.ratelimit.expression;

import io.ratelimit.annotation.RateLimitedCall;
import org.jspecify.annotations.Nullable;

/** Computes a value for each call: a compiled expression, or a bean in its place. */
@FunctionalInterface
public interface CallExpression {

    /**
     * Evaluates the expression.
     *
     * @param call the call, whose arguments are the variables
     * @return the value, not yet checked
     */
    @Nullable Object of(RateLimitedCall call);
}
