package io.ratelimit.expression;

import org.jspecify.annotations.Nullable;

/**
 * The place where the text of an expression was written, for example an attribute of an annotation.
 *
 * <p>It creates the exceptions for that text, so that their messages name the place.
 */
public interface ExpressionOrigin {

    /** {@return the text, with its placeholders resolved} */
    String value();

    /**
     * Creates the exception for a text that cannot work, found at start-up.
     *
     * @param rule the rule that the text breaks, such as {@code unknown variable #usrId}
     * @param fix what to write instead, such as {@code did you mean #userId?}
     * @param cause the exception that revealed it, or null
     * @return the exception, to be thrown
     */
    RuntimeException invalid(String rule, String fix, @Nullable Throwable cause);

    /**
     * Creates the exception for a text that cannot work, found at start-up.
     *
     * @param rule the rule that the text breaks
     * @param fix what to write instead
     * @return the exception, to be thrown
     */
    default RuntimeException invalid(String rule, String fix) {
        return invalid(rule, fix, null);
    }

    /**
     * Creates the exception for a call whose expression has an unusable value. The message tells what happened to the
     * charge, and does not contain the key of the call.
     *
     * @param value the value
     * @param fix what to return instead
     * @return the exception, to be thrown
     */
    InvalidCallException unusable(UnusableValue value, String fix);

    /**
     * Creates the exception for a call whose expression cannot be evaluated. The message does not contain values of the
     * call.
     *
     * @param problem the kind of problem, such as {@code type conversion error}
     * @return the exception, to be thrown
     */
    InvalidCallException failed(String problem);

    /**
     * Creates the exception for a call whose expression called a method that threw a checked exception.
     *
     * @param thrown the exception of the method
     * @return the exception, to be thrown
     */
    IllegalArgumentException threw(Throwable thrown);
}
