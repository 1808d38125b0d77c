package io.ratelimit.redis;

/**
 * Says that a setting of the Redis store is wrong, and what to write instead.
 *
 * <p>{@code Invalid Redis timeout "PT0S": not between 1ms and 1m; use a deadline such as 250ms}
 */
final class InvalidRedisSettingException extends IllegalArgumentException {

    private static final long serialVersionUID = 1L;

    private final String setting;
    private final String value;
    private final String rule;

    /**
     * Creates the exception.
     *
     * @param setting {@code timeout} or {@code key-prefix}
     * @param value what it was set to
     * @param rule the rule that is broken and, after a semicolon, what to write
     */
    InvalidRedisSettingException(String setting, Object value, String rule) {
        super("Invalid Redis " + setting + " \"" + value + "\": " + rule);
        this.setting = setting;
        this.value = value.toString();
        this.rule = rule;
    }

    /** {@return the setting that is wrong, {@code timeout} or {@code key-prefix}} */
    public String getSetting() {
        return setting;
    }

    /** {@return what it was set to} */
    public String getValue() {
        return value;
    }

    /** {@return the rule that is broken and, after a semicolon, what to write} */
    public String getRule() {
        return rule;
    }
}
