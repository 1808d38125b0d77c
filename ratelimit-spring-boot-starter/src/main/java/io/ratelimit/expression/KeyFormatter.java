package io.ratelimit.expression;

import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The text of a key's value, which is the same for equal values.
 *
 * <p>The text that {@code Object} gives is another for each instance, so that every call would have a bucket of its own:
 * unlimited. It is refused, also as a part of a collection or map.
 */
final class KeyFormatter {

    private static final ClassValue<Boolean> OWN = new ClassValue<>() {
        @Override
        protected Boolean computeValue(Class<?> type) {
            try {
                return type.getMethod("toString").getDeclaringClass() != Object.class;
            } catch (NoSuchMethodException ex) {
                return false;
            }
        }
    };

    private KeyFormatter() {}

    /** {@return whether the values of a class have a text of their own; an interface does not tell} */
    static boolean isOwn(Class<?> type) {
        return OWN.get(type);
    }

    /**
     * The text of a value; null if there is none.
     *
     * @throws IllegalArgumentException if it, or a part of it, has no text of its own
     */
    static @Nullable String of(ExpressionOrigin origin, @Nullable Object value) {
        if (value == null) {
            return null;
        }
        if (value instanceof Enum<?> constant) {
            return constant.name();
        }
        if (value instanceof Optional<?> optional) {
            return of(origin, optional.orElse(null));
        }
        check(origin, value);
        return value.toString();
    }

    private static void check(ExpressionOrigin origin, @Nullable Object part) {
        if (part == null) {
            return;
        }
        Class<?> type = part.getClass();
        if (type.isArray()) {
            throw origin.unusable("an array, which is no key", "take an element, or join them");
        }
        if (!isOwn(type)) {
            throw origin.unusable(
                    "a " + type.getName()
                            + ", which has no toString of its own, so that every call would have a bucket of"
                            + " its own",
                    "take one of its properties");
        }
        if (part instanceof Collection<?> collection) {
            checkAll(origin, collection, part);
        } else if (part instanceof Map<?, ?> map) {
            checkAll(origin, map.keySet(), part);
            checkAll(origin, map.values(), part);
        } else if (part instanceof Map.Entry<?, ?> entry) {
            check(origin, entry.getKey());
            check(origin, entry.getValue());
        } else if (part instanceof Optional<?> optional) {
            check(origin, optional.orElse(null));
        }
    }

    /** A collection may contain itself, and says so in its text. */
    private static void checkAll(ExpressionOrigin origin, Collection<?> elements, Object owner) {
        for (Object element : elements) {
            if (element != owner) {
                check(origin, element);
            }
        }
    }
}
