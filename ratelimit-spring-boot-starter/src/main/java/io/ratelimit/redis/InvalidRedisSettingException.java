package io.ratelimit.redis;

/**
 * Thrown when a setting of the Redis store is invalid.
 *
 * <p>{@code Invalid Redis timeout "PT0S": not between 1ms and 1m; use a deadline such as 250ms}
 */
final class InvalidRedisSettingException extends IllegalArgumentException {

    private static final long serialVersionUID = 1L;

    private final String setting;
    private final String value;
    private final String rule;
    private final String fix;

    /**
     * Creates the exception.
     *
     * @param setting {@code timeout} or {@code key-prefix}
     * @param value the invalid value
     * @param rule the rule that the value breaks
     * @param fix what to write instead
     */
    InvalidRedisSettingException(String setting, Object value, String rule, String fix) {
        super("Invalid Redis " + setting + " \"" + value + "\": " + rule + "; " + fix);
        this.setting = setting;
        this.value = value.toString();
        this.rule = rule;
        this.fix = fix;
    }

    /** {@return the name of the setting, {@code timeout} or {@code key-prefix}} */
    public String getSetting() {
        return setting;
    }

    /** {@return the invalid value} */
    public String getValue() {
        return value;
    }

    /** {@return the rule that the value breaks} */
    public String getRule() {
        return rule;
    }

    /** {@return what to write instead} */
    public String getFix() {
        return fix;
    }
}
