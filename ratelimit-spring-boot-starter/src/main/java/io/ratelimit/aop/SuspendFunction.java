package io.ratelimit.aop;

import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.core.KotlinDetector;
import org.springframework.core.ResolvableType;

/**
 * The declared signature of a Kotlin suspend function. The Kotlin compiler appends a parameter, the continuation, whose
 * type argument is the declared return type. Other methods keep their signature.
 */
final class SuspendFunction {

    private SuspendFunction() {}

    /** {@return the number of declared parameters} */
    static int parameterCount(Method method) {
        return method.getParameterCount() - (KotlinDetector.isSuspendingFunction(method) ? 1 : 0);
    }

    /** {@return the declared parameter types of a method, resolved for a class} */
    static List<Class<?>> parameters(Method method, Class<?> seenFrom) {
        return ResolvedSignature.of(method, seenFrom).parameters().subList(0, parameterCount(method));
    }

    /** {@return the declared return type of a method, resolved for a class} */
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
