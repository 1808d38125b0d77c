package io.ratelimit.aop;

import org.jspecify.annotations.Nullable;

/**
 * Says at start-up that a {@code @RateLimited} cannot work: where, which value, what rule it breaks, and how to mend it.
 *
 * <p>{@code Invalid @RateLimited on com.acme.Search#search(String): key "#usrId": unknown variable #usrId; did you mean
 * #userId? Known are #userId, #p0 to #p0}
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
     * @param attribute the attribute that is wrong
     * @param problem the value and the rule it breaks
     * @param fix what to do
     * @param cause what told of it, if anything
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

    /** {@return the attribute that is wrong, such as {@code key}} */
    public String getAttribute() {
        return attribute;
    }

    /** {@return the value and the rule it breaks} */
    public String getProblem() {
        return problem;
    }

    /** {@return what to do} */
    public String getFix() {
        return fix;
    }
}
