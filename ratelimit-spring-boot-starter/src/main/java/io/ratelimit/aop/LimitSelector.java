package io.ratelimit.aop;

import io.ratelimit.Limit;
import io.ratelimit.RateLimiter;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.UnknownLimitException;
import io.ratelimit.annotation.RateLimitedCall;
import io.ratelimit.autoconfigure.RateLimitSettings;
import io.ratelimit.expression.CallExpression;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which limit counts for a call.
 *
 * @param origin where it is written
 * @param written the names that can be read in the annotation, which must be defined at start-up
 * @param perCall gives the name of each call; null if it is the one that is written
 */
record LimitSelector(
        AnnotationAttribute origin,
        Set<String> written,
        @Nullable CallExpression perCall) {

    /** No limit has a longer name. */
    private static final int LONGEST_NAME = 64;

    static LimitSelector of(AnnotationAttribute name) {
        return new LimitSelector(name, Set.of(name.value()), null);
    }

    /**
     * The limit of a call; null if none counts, because its computed name is not defined.
     *
     * @throws UnknownLimitException if its name is not defined, and must be
     * @throws IllegalArgumentException if what was computed is no name
     */
    @Nullable Limit limit(RateLimitedCall call, RateLimiterRegistry registry, RateLimitSettings settings) {
        if (perCall == null) {
            return registry.get(origin.value()).limit();
        }
        String name = name(perCall.of(call));
        if (settings.ignoresUnknownLimits()) {
            return registry.find(name).flatMap(RateLimiter::current).orElse(null);
        }
        if (name.length() > LONGEST_NAME) {
            throw unusable("a text of more than " + LONGEST_NAME + " characters");
        }
        return registry.get(name).limit();
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

    private IllegalArgumentException unusable(String what) {
        return origin.unusable(what, "nothing was charged; give the name of a limit");
    }
}
