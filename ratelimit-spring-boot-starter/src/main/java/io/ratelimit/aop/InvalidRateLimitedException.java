package io.ratelimit.aop;

import org.jspecify.annotations.Nullable;

/**
 * Thrown at start-up when a {@code @RateLimited} cannot work. It names the method, the attribute and its value, the
 * rule that is broken, and the fix.
 *
 * <p>{@code Invalid @RateLimited on com.acme.Search#search(String): key "#usrId": unknown variable #usrId; did you mean
 * #userId? Its parameters are #userId}
 */
public final class InvalidRateLimitedException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final String method;
    private final String attribute;
    private final String problem;
    private final String fix;

    /**
     * Creates the exception.
     *
     * @param method the annotated method, such as {@code com.acme.Search#search(String,String)}
     * @param attribute the invalid attribute
     * @param problem the value and the rule that it breaks
     * @param fix what to write instead
     * @param cause the exception that revealed the problem, or null
     */
    public InvalidRateLimitedException(
            String method, String attribute, String problem, String fix, @Nullable Throwable cause) {
        super("Invalid @RateLimited on " + method + ": " + attribute + " " + problem + "; " + fix, cause);
        this.method = method;
        this.attribute = attribute;
        this.problem = problem;
        this.fix = fix;
    }

    /** {@return the annotated method, such as {@code com.acme.Search#search(String,String)}} */
    public String getMethod() {
        return method;
    }

    /** {@return the invalid attribute, such as {@code key}} */
    public String getAttribute() {
        return attribute;
    }

    /** {@return the value and the rule that it breaks} */
    public String getProblem() {
        return problem;
    }

    /** {@return what to write instead} */
    public String getFix() {
        return fix;
    }
}
