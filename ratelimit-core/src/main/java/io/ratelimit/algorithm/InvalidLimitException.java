package io.ratelimit.algorithm;

import io.ratelimit.Limit;
import org.jspecify.annotations.Nullable;

/**
 * Thrown when a {@link Rate} or a {@link Limit} cannot be created because an option is invalid. Reports the option, its
 * value, the rule that the value breaks, and how to fix it.
 *
 * <p>The message is made of these parts:
 * {@code Invalid rate "10/x": unknown unit "x"; use s, m, h, d, w or a duration such as 100ms, 1m30s or PT90S}, or,
 * where the limit is known, {@code Invalid cost "20" of limit "search": …}.
 */
public final class InvalidLimitException extends IllegalArgumentException {

    private static final long serialVersionUID = 1L;

    private final String option;
    private final String value;
    private final String rule;
    private final String fix;

    /**
     * Creates the exception for a value that belongs to no named limit yet.
     *
     * @param option the option, such as {@code rate} or {@code max-wait}
     * @param value the value that was given
     * @param rule the rule that the value breaks, such as {@code not positive}
     * @param fix what to write instead, such as {@code use 0.001 or more}
     */
    public InvalidLimitException(String option, Object value, String rule, String fix) {
        this(null, option, value, rule, fix);
    }

    /**
     * Creates the exception for an option of a limit.
     *
     * @param limit the limit's name; null if it has none yet
     * @param option the option, such as {@code rate} or {@code max-wait}
     * @param value the value that was given
     * @param rule the rule that the value breaks, such as {@code not positive}
     * @param fix what to write instead, such as {@code use 0.001 or more}
     */
    public InvalidLimitException(@Nullable String limit, String option, Object value, String rule, String fix) {
        super("Invalid " + option + " \"" + value + "\"" + (limit == null ? "" : " of limit \"" + limit + "\"") + ": "
                + rule + "; " + fix);
        this.option = option;
        this.value = value.toString();
        this.rule = rule;
        this.fix = fix;
    }

    /** {@return the option that is wrong, such as {@code rate} or {@code max-wait}} */
    public String getOption() {
        return option;
    }

    /** {@return the value that was given, as text} */
    public String getValue() {
        return value;
    }

    /** {@return the rule that the value breaks, such as {@code not positive}} */
    public String getRule() {
        return rule;
    }

    /** {@return what to write instead, such as {@code use 0.001 or more}} */
    public String getFix() {
        return fix;
    }
}
