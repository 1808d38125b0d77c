package io.ratelimit.aop;

import io.ratelimit.expression.ExpressionParameters.Wrapper;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.util.ReflectionUtils;

/**
 * A value class of Kotlin as the type of a parameter or result. The JVM mostly passes the value inside of it.
 *
 * @param type the class
 * @param nullable whether the value may be null
 */
record ValueClass(Class<?> type, boolean nullable) {

    /** {@return the type of the value inside, as the JVM passes it} */
    Class<?> inner() {
        return field().getType();
    }

    /** {@return the class for messages of expressions, and its one property} */
    Wrapper wrapper() {
        return new Wrapper(type.getSimpleName(), field().getName());
    }

    private Field field() {
        return Arrays.stream(type.getDeclaredFields())
                .filter(field -> !Modifier.isStatic(field.getModifiers()))
                .findFirst()
                .orElseThrow();
    }

    /**
     * Returns an instance of the class around a value.
     *
     * @param value the value inside, as the JVM passes it
     * @return the instance; the same object if it is one already, or null
     */
    @Nullable Object box(@Nullable Object value) {
        if (type.isInstance(value) || value == null && nullable) {
            return value;
        }
        return invoke("box-impl", null, value);
    }

    /**
     * Returns the value inside of an instance.
     *
     * @param value an instance, or what the JVM passes in its place
     * @return the value inside
     */
    @Nullable Object unbox(@Nullable Object value) {
        return type.isInstance(value) ? invoke("unbox-impl", value) : value;
    }

    private @Nullable Object invoke(String name, @Nullable Object target, @Nullable Object... arguments) {
        Method method = Objects.requireNonNull(ReflectionUtils.findMethod(type, name, (Class<?>[]) null));
        ReflectionUtils.makeAccessible(method);
        return ReflectionUtils.invokeMethod(method, target, arguments);
    }

    /** The simple name as Kotlin writes it, such as {@code UserId?}. */
    @Override
    public String toString() {
        return type.getSimpleName() + (nullable ? "?" : "");
    }
}
