package io.ratelimit.aop;

import io.ratelimit.Charge;
import io.ratelimit.annotation.RateLimitedCall;
import org.jspecify.annotations.Nullable;

/** Whose bucket a call charges. */
@FunctionalInterface
interface Key {

    /** All callers' one. */
    Key SHARED = call -> Charge.SHARED;

    /** {@return the text; null if there is none} */
    @Nullable String text(RateLimitedCall call);

    static Key of(Site site, CallValue value) {
        return call -> {
            Object key = value.of(call);
            String text = key instanceof String same ? same : KeyText.of(site, key);
            return text == null || text.isBlank() ? null : text;
        };
    }
}
