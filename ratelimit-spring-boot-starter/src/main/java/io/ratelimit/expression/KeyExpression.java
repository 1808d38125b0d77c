package io.ratelimit.expression;

import io.ratelimit.Charge;
import io.ratelimit.annotation.RateLimitedCall;
import org.jspecify.annotations.Nullable;

/** An expression of the key whose bucket a call is charged to. */
@FunctionalInterface
public interface KeyExpression {

    /** The key of the bucket that all calls share. */
    KeyExpression SHARED = call -> Charge.SHARED;

    /**
     * Evaluates the expression.
     *
     * @param call the call
     * @return the key as text; null if it is null or blank, or has a null part
     * @throws InvalidCallException if the value is an array, or its class does not override {@code toString}
     */
    @Nullable String text(RateLimitedCall call);

    /**
     * Creates the expression of a key.
     *
     * @param origin where its text is written
     * @param value gives the value of the key, of any type
     * @return the expression
     */
    static KeyExpression of(ExpressionOrigin origin, CallExpression value) {
        return new Computed(origin, value);
    }

    /**
     * A key that is computed for each call. A text is its own key; any other value is formatted.
     *
     * @param origin where its text is written
     * @param value gives the value of the key, of any type
     */
    record Computed(ExpressionOrigin origin, CallExpression value) implements KeyExpression {

        @Override
        public @Nullable String text(RateLimitedCall call) {
            Object key = value.of(call);
            String text = key instanceof String same ? same : KeyFormatter.of(origin, key);
            return text == null || isBlank(text) ? null : text;
        }

        /** Returns whether a text is blank. Most keys begin with a visible character of ASCII, and are not. */
        private static boolean isBlank(String text) {
            return text.isEmpty() || (text.charAt(0) <= ' ' || text.charAt(0) > '~') && text.isBlank();
        }
    }
}
