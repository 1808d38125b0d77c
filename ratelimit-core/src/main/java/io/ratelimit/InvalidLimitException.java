package io.ratelimit;

/**
 * Says that a {@link Rate} or a {@link Limit} cannot be made, with the value, the rule it breaks and how to mend it.
 */
public final class InvalidLimitException extends IllegalArgumentException {

    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message the value, the rule and the fix, in one sentence
     */
    public InvalidLimitException(String message) {
        super(message);
    }
}
