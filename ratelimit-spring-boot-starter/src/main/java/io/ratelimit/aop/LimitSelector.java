package io.ratelimit.aop;

import io.ratelimit.Limit;
import io.ratelimit.RateLimiter;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.UnknownLimitException;
import io.ratelimit.annotation.RateLimitedCall;
import io.ratelimit.autoconfigure.RateLimitSettings;
import io.ratelimit.expression.CallExpression;
import io.ratelimit.expression.InvalidCallException;
import io.ratelimit.expression.UnusableValue;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Selects the limit of a call.
 *
 * @param origin the attribute that names or computes the limit
 * @param written the names that appear in the annotation, which must be defined at start-up
 * @param perCall computes the name for each call; null if the annotation contains the name
 * @param ofBean whether a bean computes the name, so that an undefined one is no mistake of the caller
 */
record LimitSelector(
        AnnotationAttribute origin,
        Set<String> written,
        @Nullable CallExpression perCall,
        boolean ofBean) {

    /** The maximum length of a name. A longer one is not repeated in a message. */
    private static final int LONGEST_NAME = 64;

    static LimitSelector of(AnnotationAttribute name) {
        return new LimitSelector(name, Set.of(name.value()), null, false);
    }

    /** {@return the name that the annotation contains; null if it is computed for each call} */
    @Nullable String fixedName() {
        return perCall == null ? origin.value() : null;
    }

    /**
     * Returns the limit of a call; null if the computed name is not defined and such limits are ignored.
     *
     * @throws UnknownLimitException if a name that is not defined is contained in the annotation or computed by a bean
     * @throws InvalidCallException if the computed value is not a text, blank or too long, or if an expression computes
     *     a name that is not defined
     */
    @Nullable Limit limit(RateLimitedCall call, RateLimiterRegistry registry, RateLimitSettings settings) {
        if (perCall == null) {
            return registry.get(origin.value()).limit();
        }
        String name = name(perCall.of(call));
        Optional<Limit> defined = registry.find(name).flatMap(RateLimiter::current);
        if (defined.isPresent() || settings.ignoresUnknownLimits()) {
            return defined.orElse(null);
        }
        if (name.length() > LONGEST_NAME) {
            throw unusable("a text of more than " + LONGEST_NAME + " characters");
        }
        if (ofBean || written.contains(name)) {
            return registry.get(name).limit();
        }
        throw origin.unusable(
                UnusableValue.described("the name of a limit that is not defined", "no limit of that name is defined"),
                "define the limit, or return the name of another one");
    }

    private String name(@Nullable Object value) {
        if (!(value instanceof String name)) {
            throw unusable(value == null ? "null" : "a " + value.getClass().getName() + ", no text");
        }
        if (name.isBlank()) {
            throw unusable("a blank text");
        }
        return name;
    }

    private InvalidCallException unusable(String what) {
        return origin.unusable(
                UnusableValue.described(what, "a limit has a name of at most " + LONGEST_NAME + " characters"),
                "return the name of a limit");
    }
}
