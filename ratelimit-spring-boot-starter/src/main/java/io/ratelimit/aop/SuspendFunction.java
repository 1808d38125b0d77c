package io.ratelimit.aop;

import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.core.KotlinDetector;
import org.springframework.core.ResolvableType;

/**
 * A Kotlin suspend function as people write it: its compiler appends a parameter, the continuation, and hides there what it
 * returns. Methods of other kinds are as they are.
 */
final class SuspendFunction {

    private SuspendFunction() {}

    /** {@return how many parameters a method has} */
    static int parameterCount(Method method) {
        return method.getParameterCount() - (KotlinDetector.isSuspendingFunction(method) ? 1 : 0);
    }

    /** {@return the types of a method's parameters, as a class sees them} */
    static List<Class<?>> parameters(Method method, Class<?> seenFrom) {
        return ResolvedSignature.of(method, seenFrom).parameters().subList(0, parameterCount(method));
    }

    /** {@return the type that a method returns, as a class sees it} */
    static Class<?> returned(Method method, Class<?> seenFrom) {
        if (!KotlinDetector.isSuspendingFunction(method)) {
            return ResolvableType.forMethodReturnType(method, seenFrom).resolve(method.getReturnType());
        }
        ResolvableType continuation =
                ResolvableType.forMethodParameter(method, method.getParameterCount() - 1, seenFrom);
        return continuation.getGeneric(0).resolve(Object.class);
    }

    /** {@return the arguments of a suspend function, without the continuation} */
    static @Nullable Object[] arguments(@Nullable Object[] all) {
        return Arrays.copyOf(all, all.length - 1);
    }

    /** {@return the continuation among the arguments of a suspend function} */
    static @Nullable Object continuation(@Nullable Object[] all) {
        return all[all.length - 1];
    }
}
