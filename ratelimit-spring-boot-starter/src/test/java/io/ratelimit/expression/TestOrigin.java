package io.ratelimit.expression;

import org.jspecify.annotations.Nullable;

/** An origin whose exceptions have the text, the rule and the fix. */
record TestOrigin(String value) implements ExpressionOrigin {

    @Override
    public IllegalStateException invalid(String rule, String fix, @Nullable Throwable cause) {
        return new IllegalStateException(value + ": " + rule + "; " + fix, cause);
    }

    @Override
    public InvalidCallException unusable(UnusableValue unusable, String fix) {
        return new InvalidCallException(
                value + " gave " + unusable.description() + "; " + fix,
                "test",
                value,
                unusable.rule(),
                unusable.text());
    }

    @Override
    public InvalidCallException failed(String problem) {
        return new InvalidCallException(value + " cannot be evaluated (" + problem + ")", "test", value, problem, null);
    }

    @Override
    public IllegalArgumentException threw(Throwable thrown) {
        return new IllegalArgumentException(value + " cannot be evaluated", thrown);
    }
}
