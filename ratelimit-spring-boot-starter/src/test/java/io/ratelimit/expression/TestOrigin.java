package io.ratelimit.expression;

import org.jspecify.annotations.Nullable;

/** An origin whose exceptions have the text, the rule and the fix. */
record TestOrigin(String value) implements ExpressionOrigin {

    @Override
    public IllegalStateException invalid(String rule, String fix, @Nullable Throwable cause) {
        return new IllegalStateException(value + ": " + rule + "; " + fix, cause);
    }

    @Override
    public IllegalArgumentException unusable(String what, String fix) {
        return new IllegalArgumentException(value + " gave " + what + "; " + fix);
    }

    @Override
    public IllegalArgumentException failed(String problem, @Nullable Throwable thrown) {
        return new IllegalArgumentException(value + " cannot be evaluated (" + problem + ")", thrown);
    }
}
