package io.ratelimit.expression;

import org.jspecify.annotations.Nullable;

/**
 * The value of an expression that a rule forbids.
 *
 * @param description the value for the message of an exception, such as {@code -1} or {@code an array}
 * @param rule the rule, such as {@code a cost is a finite number that is zero or more}
 * @param text the value to show to the caller; null if only the rule is shown
 */
public record UnusableValue(
        String description, String rule, @Nullable String text) {

    /** The maximum length of a text. A caller may send thousands of digits. */
    private static final int LONGEST = 32;

    /**
     * Creates a value that is shown to the caller.
     *
     * @param text the value, of any length
     * @param rule the rule that it breaks
     * @return the value, cut short
     */
    static UnusableValue shown(String text, String rule) {
        String cut = text.length() <= LONGEST ? text : text.substring(0, LONGEST) + "…";
        return new UnusableValue(cut, rule, cut);
    }

    /**
     * Creates a value that is only described.
     *
     * @param description the kind of value, without data of the call
     * @param rule the rule that it breaks
     * @return the value
     */
    public static UnusableValue described(String description, String rule) {
        return new UnusableValue(description, rule, null);
    }
}
