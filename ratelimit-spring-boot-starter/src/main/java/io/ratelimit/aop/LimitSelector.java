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
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Selects the limit of a call. */
interface LimitSelector {

    /** {@return the attribute that names or computes the limit} */
    AnnotationAttribute origin();

    /** {@return the names that appear in the annotation, which must be defined at start-up} */
    Set<String> written();

    /** {@return the name that the annotation contains; null if it is computed for each call} */
    @Nullable String fixedName();

    /**
     * Returns the limit of a call; null if the computed name is not defined and such limits are ignored.
     *
     * @param registry the registry of the application, the same for every call
     * @throws UnknownLimitException if a name that is not defined is contained in the annotation or computed by a bean
     * @throws InvalidCallException if the computed value is not a text, blank or too long, or if an expression computes
     *     a name that is not defined
     */
    @Nullable Limit limit(RateLimitedCall call, RateLimiterRegistry registry, RateLimitSettings settings);

    /** {@return whether the name is computed for each call, by an expression or a bean} */
    default boolean isComputed() {
        return fixedName() == null;
    }

    /** The limit that the annotation names. */
    record Named(AnnotationAttribute origin, LimiterReference limiter) implements LimitSelector {

        static Named of(AnnotationAttribute name) {
            return new Named(name, new LimiterReference(name.value()));
        }

        @Override
        public Set<String> written() {
            return Set.of(origin.value());
        }

        @Override
        public String fixedName() {
            return origin.value();
        }

        @Override
        public Limit limit(RateLimitedCall call, RateLimiterRegistry registry, RateLimitSettings settings) {
            return limiter.limit(registry);
        }
    }

    /**
     * A limit whose name is computed for each call.
     *
     * @param ofBean whether a bean computes the name, so that an undefined one is no mistake of the caller
     */
    record Computed(AnnotationAttribute origin, Set<String> written, CallExpression name, boolean ofBean)
            implements LimitSelector {

        /** The maximum length of a name. A longer one is not repeated in a message. */
        private static final int LONGEST_NAME = 64;

        @Override
        public @Nullable String fixedName() {
            return null;
        }

        @Override
        public @Nullable Limit limit(RateLimitedCall call, RateLimiterRegistry registry, RateLimitSettings settings) {
            String computed = text(name.of(call));
            RateLimiter limiter = registry.find(computed).orElse(null);
            Limit defined = limiter == null ? null : limiter.current().orElse(null);
            return defined != null || settings.ignoresUnknownLimits() ? defined : undefined(computed, registry);
        }

        private Limit undefined(String computed, RateLimiterRegistry registry) {
            if (computed.length() > LONGEST_NAME) {
                throw unusable("a text of more than " + LONGEST_NAME + " characters");
            }
            if (ofBean || written.contains(computed)) {
                return registry.get(computed).limit();
            }
            throw origin.unusable(
                    UnusableValue.described(
                            "the name of a limit that is not defined", "no limit of that name is defined"),
                    "define the limit, or return the name of another one");
        }

        private String text(@Nullable Object value) {
            if (!(value instanceof String text)) {
                throw unusable(value == null ? "null" : "a " + value.getClass().getName() + ", no text");
            }
            if (text.isBlank()) {
                throw unusable("a blank text");
            }
            return text;
        }

        private InvalidCallException unusable(String what) {
            return origin.unusable(
                    UnusableValue.described(what, "a limit has a name of at most " + LONGEST_NAME + " characters"),
                    "return the name of a limit");
        }
    }
}
