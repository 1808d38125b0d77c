package io.ratelimit.autoconfigure;

import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.Environment;

/** Tells why a limit may be missing in a test although the application defines it. */
public final class UnknownLimitHint {

    /** The property source of Spring's test framework, which every test of Spring Boot has. */
    private static final String TEST_PROPERTIES = "Inlined Test Properties";

    private static final String HINT = ". In a test, an application.yml in src/test/resources replaces the one in"
            + " src/main/resources and its limits, and a slice such as @WebMvcTest does not read the Limit beans of"
            + " other configuration classes: define the limit for the test, or set ratelimit.enabled=false";

    private UnknownLimitHint() {}

    /**
     * Returns the property that defines a limit, or the one with the nearest allowed name.
     *
     * @param limit the name of the limit
     * @return {@code ratelimit.limits.search}, or {@code ratelimit.limits[a.b]} for a name that needs brackets;
     *     {@code ratelimit.limits.get-x} for {@code GET /x}, which no limit may be named
     */
    public static String property(String limit) {
        String allowed = LimitKey.nearestAllowed(limit);
        return LimitProperties.path(allowed.isEmpty() ? "search" : allowed);
    }

    /**
     * Returns the hint.
     *
     * @param environment the environment of the application
     * @return a sentence to append to the failure of an unknown limit; empty if the application does not run in a test
     */
    public static String of(Environment environment) {
        return environment instanceof ConfigurableEnvironment configurable
                        && configurable.getPropertySources().contains(TEST_PROPERTIES)
                ? HINT
                : "";
    }
}
