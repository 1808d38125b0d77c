package io.ratelimit.expression;

import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.Member;
import java.lang.reflect.Method;
import org.jspecify.annotations.Nullable;
import org.springframework.aot.hint.ExecutableMode;
import org.springframework.aot.hint.ReflectionHints;

/**
 * Registers the types and members that expressions reach, which a native image leaves out otherwise.
 *
 * @param hints null while an application runs, where nothing is registered
 */
record MemberHints(@Nullable ReflectionHints hints) {

    void reached(Class<?> type) {
        if (hints != null && !type.isPrimitive()) {
            hints.registerType(type);
        }
    }

    /** Registers a member, and the type in which it is looked up. */
    void reached(Class<?> owner, Member member) {
        if (hints == null) {
            return;
        }
        reached(owner);
        if (member instanceof Method method) {
            hints.registerMethod(method, ExecutableMode.INVOKE);
        } else if (member instanceof Constructor<?> constructor) {
            hints.registerConstructor(constructor, ExecutableMode.INVOKE);
        } else if (member instanceof Field field) {
            hints.registerField(field);
        }
    }
}
