package io.ratelimit.aop;

import io.ratelimit.Charge;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Whose bucket a call charges. */
@FunctionalInterface
interface Key {

    /** All callers' one. */
    Key SHARED = call -> Charge.SHARED;

    /** {@return the text; null if there is none} */
    @Nullable String text(Call call);

    static Key of(Site site, CallValue value) {
        return call -> {
            Object key = value.of(call);
            String text = key instanceof String same ? same : text(site, key);
            return text == null || text.isBlank() ? null : text;
        };
    }

    private static @Nullable String text(Site site, @Nullable Object value) {
        if (value == null) {
            return null;
        }
        if (value instanceof Enum<?> constant) {
            return constant.name();
        }
        if (value instanceof Optional<?> optional) {
            return text(site, optional.orElse(null));
        }
        if (value.getClass().isArray()) {
            throw site.unusable("an array, which is no key", "take an element, or join them");
        }
        return value.toString();
    }
}
