package io.ratelimit.expression;

import java.util.Arrays;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.core.NativeDetector;

/**
 * Formats the value of a key as text, equal values as equal texts.
 *
 * <p>A value whose class does not override {@code toString} is rejected, also within a collection or map: its text
 * differs for each instance, so every call would have its own bucket and be unlimited.
 */
final class KeyFormatter {

    private static final String RULE = "it is neither a text nor a value that has one";

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

    /**
     * Returns whether a class overrides {@code toString}; unknown for an interface. A native image does not know the
     * methods of most classes, so there every class is taken to do so.
     */
    static boolean isOwn(Class<?> type) {
        return NativeDetector.inNativeImage() || OWN.get(type);
    }

    /** {@return whether a value, or a part of an array, a collection or a map, is null or an empty {@code Optional}} */
    static boolean isAbsent(@Nullable Object value) {
        if (value == null) {
            return true;
        }
        if (value instanceof Optional<?> optional) {
            return isAbsent(optional.orElse(null));
        }
        if (value instanceof Collection<?> collection) {
            return anyAbsent(collection, value);
        }
        if (value instanceof Map<?, ?> map) {
            return anyAbsent(map.keySet(), value) || anyAbsent(map.values(), value);
        }
        if (value instanceof Map.Entry<?, ?> entry) {
            return isAbsent(entry.getKey()) || isAbsent(entry.getValue());
        }
        return value instanceof Object[] array && anyAbsent(Arrays.asList(array), value);
    }

    /** Returns whether one of the elements is absent. They may contain their owner. */
    private static boolean anyAbsent(Collection<?> elements, Object owner) {
        for (Object element : elements) {
            if (element != owner && isAbsent(element)) {
                return true;
            }
        }
        return false;
    }

    /**
     * Formats a value; null if it is null or an empty {@code Optional}, or has such a part: the key {@code {#tenant,
     * #user}} of all calls without a tenant would otherwise be in one bucket.
     *
     * @throws InvalidCallException if the value, or a part of it, is an array or does not override {@code toString}
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
        return isAbsent(value) ? null : value.toString();
    }

    private static void check(ExpressionOrigin origin, @Nullable Object part) {
        if (part == null) {
            return;
        }
        Class<?> type = part.getClass();
        if (type.isArray()) {
            throw origin.unusable(
                    UnusableValue.described("an array, which cannot be a key", RULE),
                    "use an element, or join the elements");
        }
        if (!isOwn(type)) {
            throw origin.unusable(
                    UnusableValue.described(
                            "a " + type.getName()
                                    + ", which does not override toString, so every call would have its own bucket",
                            RULE),
                    "use one of its properties");
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

    /** Checks the elements of a collection, which may contain itself. */
    private static void checkAll(ExpressionOrigin origin, Collection<?> elements, Object owner) {
        for (Object element : elements) {
            if (element != owner) {
                check(origin, element);
            }
        }
    }
}
