package io.ratelimit.expression;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Thrown when the values of a call give no valid key, cost, condition or name of a limit. Nothing was charged, or for
 * {@code settle}, whose exception is only logged, the charge stays.
 *
 * <p>{@code Invalid costExpression of @RateLimited on com.acme.Search#search(double): "#cost" gave -1.0; nothing was
 * charged; return a finite number that is zero or more}
 *
 * <p>It is the mistake of the caller, so that HTTP answers with 400. An exception that the application's own code
 * throws, such as a resolver or a method of a bean that an expression calls, is never replaced by this one.
 */
public final class InvalidCallException extends IllegalArgumentException {

    private static final long serialVersionUID = 1L;

    private final String attribute;
    private final String place;
    private final String rule;
    private final @Nullable String value;
    private final @Nullable String limit;

    /**
     * Creates the exception.
     *
     * @param message the message, without the key of the call
     * @param attribute the attribute that was evaluated, such as {@code costExpression}
     * @param place the attribute and where it is written
     * @param rule the rule that the call breaks, without values of the call
     * @param value the value that breaks the rule, in a few characters; null if it must not be told
     */
    public InvalidCallException(String message, String attribute, String place, String rule, @Nullable String value) {
        this(message, attribute, place, rule, value, null);
    }

    private InvalidCallException(
            String message,
            String attribute,
            String place,
            String rule,
            @Nullable String value,
            @Nullable String limit) {
        super(message);
        this.attribute = attribute;
        this.place = place;
        this.rule = rule;
        this.value = value;
        this.limit = limit;
    }

    /**
     * Returns this exception with the limit that the call would have been charged to.
     *
     * @param name the name of the limit
     * @return an exception with the same stack trace; this one if it has a limit already
     */
    public InvalidCallException forLimit(String name) {
        if (limit != null) {
            return this;
        }
        InvalidCallException named =
                new InvalidCallException(String.valueOf(getMessage()), attribute, place, rule, value, name);
        named.setStackTrace(getStackTrace());
        return named;
    }

    /** {@return the attribute that was evaluated, such as {@code costExpression}} */
    public String getAttribute() {
        return attribute;
    }

    /** {@return the attribute and where it is written, for logs; it has no values of the call} */
    public String getPlace() {
        return place;
    }

    /** {@return the rule that the call breaks, such as {@code a cost is a finite number that is zero or more}} */
    public String getRule() {
        return rule;
    }

    /** {@return the value that breaks the rule, in a few characters; empty for a key and for other than numbers} */
    public Optional<String> getValue() {
        return Optional.ofNullable(value);
    }

    /** {@return the name of the limit; empty if it was not known yet} */
    public Optional<String> getLimit() {
        return Optional.ofNullable(limit);
    }
}
