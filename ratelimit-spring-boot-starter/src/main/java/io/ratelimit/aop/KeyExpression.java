package io.ratelimit.aop;

import io.ratelimit.Charge;
import io.ratelimit.annotation.RateLimitedCall;
import org.jspecify.annotations.Nullable;

/** Whose bucket a call charges. */
@FunctionalInterface
interface KeyExpression {

    /** All callers' one. */
    KeyExpression SHARED = call -> Charge.SHARED;

    /** {@return the text; null if there is none} */
    @Nullable String text(RateLimitedCall call);

    static KeyExpression of(AnnotationAttribute origin, CallExpression value) {
        return call -> {
            Object key = value.of(call);
            String text = key instanceof String same ? same : KeyFormatter.of(origin, key);
            return text == null || text.isBlank() ? null : text;
        };
    }
}
