package io.ratelimit.autoconfigure;

import io.ratelimit.algorithm.InvalidLimitException;

/**
 * Thrown when a property under {@code ratelimit} is unknown or invalid. It names the property, its value, the rule that
 * is broken, and the fix.
 */
public final class InvalidRateLimitPropertyException extends IllegalArgumentException {

    private static final long serialVersionUID = 1L;

    private final String property;
    private final String value;
    private final String rule;
    private final String fix;

    /**
     * Creates the exception.
     *
     * @param property the full name, such as {@code ratelimit.redis.timeout}
     * @param value the value that is set
     * @param rule the rule that the value breaks
     * @param fix what to write instead
     */
    public InvalidRateLimitPropertyException(String property, Object value, String rule, String fix) {
        super("Invalid property " + property + " = \"" + value + "\": " + rule + "; " + fix);
        this.property = property;
        this.value = value.toString();
        this.rule = rule;
        this.fix = fix;
    }

    /** Creates the exception for a value that no limit can have. */
    InvalidRateLimitPropertyException(String property, Object value, InvalidLimitException cause) {
        this(property, value, cause.getRule(), cause.getFix());
        initCause(cause);
    }

    String property() {
        return property;
    }

    String value() {
        return value;
    }

    String rule() {
        return rule;
    }

    String fix() {
        return fix;
    }
}
