package io.ratelimit.autoconfigure;

/** Says that a property under {@code ratelimit} is unknown or wrong: its name, its value, the rule, and the fix. */
public final class InvalidRateLimitPropertyException extends IllegalArgumentException {

    private static final long serialVersionUID = 1L;

    private final String property;
    private final String value;
    private final String reason;

    /**
     * Creates the exception.
     *
     * @param property the full name
     * @param value what it was set to
     * @param reason the rule that is broken and, after a semicolon, what to do
     */
    public InvalidRateLimitPropertyException(String property, Object value, String reason) {
        super("Invalid property " + property + " = \"" + value + "\": " + reason);
        this.property = property;
        this.value = value.toString();
        this.reason = reason;
    }

    /** The same, for what the core found wrong with the value; its message is the reason. */
    InvalidRateLimitPropertyException(String property, Object value, IllegalArgumentException cause) {
        this(property, value, String.valueOf(cause.getMessage()));
        initCause(cause);
    }

    String property() {
        return property;
    }

    String value() {
        return value;
    }

    String reason() {
        return reason;
    }
}
