package io.ratelimit.aop;

import io.ratelimit.RateLimitExceededException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.core.KotlinDetector;
import org.springframework.util.ClassUtils;
import org.springframework.util.ReflectionUtils;

/**
 * The method that answers rejected calls.
 *
 * @param takesException whether its last parameter is the exception
 */
record FallbackMethod(Method method, boolean takesException) {

    /**
     * Finds the fallback. If there are two, the one with the exception as its last parameter is used.
     *
     * @param origin the attribute, whose value is the name of the method
     * @throws InvalidRateLimitedException if no method has that name and fits
     */
    static FallbackMethod find(AnnotationAttribute origin) {
        List<Class<?>> limited = SuspendFunction.parameters(origin.method(), origin.targetClass());
        List<Method> named = named(origin);
        FallbackMethod found = null;
        for (Method candidate : named) {
            List<Class<?>> parameters = SuspendFunction.parameters(candidate, origin.targetClass());
            int count = limited.size();
            if (parameters.size() == count + 1
                    && parameters.subList(0, count).equals(limited)
                    && parameters.get(count).isAssignableFrom(RateLimitExceededException.class)) {
                found = new FallbackMethod(candidate, true);
                break;
            }
            if (found == null && parameters.equals(limited)) {
                found = new FallbackMethod(candidate, false);
            }
        }
        if (found == null) {
            throw origin.invalid(
                    named.isEmpty()
                            ? "no such method in " + origin.targetClass().getName()
                            : "has other parameters than the limited method",
                    "declare " + wanted(origin));
        }
        if (KotlinDetector.isSuspendingFunction(found.method)
                && !KotlinDetector.isSuspendingFunction(origin.method())) {
            throw origin.invalid("is a suspend function, but the limited method is not", "declare " + wanted(origin));
        }
        Class<?> wanted = SuspendFunction.returned(origin.method(), origin.targetClass());
        Class<?> given = SuspendFunction.returned(found.method, origin.targetClass());
        if (!isNothing(wanted) && !ClassUtils.isAssignable(wanted, given)) {
            throw origin.invalid(
                    "returns " + given.getSimpleName() + ", which is no " + wanted.getSimpleName(),
                    "declare " + wanted(origin));
        }
        ReflectionUtils.makeAccessible(found.method);
        return found;
    }

    /** Invokes the fallback with the arguments of the rejected call. */
    @Nullable Object answer(@Nullable Object target, @Nullable Object[] args, RateLimitExceededException rejection)
            throws Throwable {
        try {
            return method.invoke(target, given(args, rejection));
        } catch (InvocationTargetException ex) {
            throw ex.getTargetException();
        }
    }

    /** Invokes the fallback of a suspend function. The fallback is a suspend function or a plain one. */
    Object published(@Nullable Object target, @Nullable Object[] args, RateLimitExceededException rejection)
            throws Throwable {
        @Nullable Object[] visible = SuspendFunction.arguments(args);
        return KotlinDetector.isSuspendingFunction(method)
                ? SuspendFunctionInvoker.invoke(
                        method, target, given(visible, rejection), SuspendFunction.continuation(args))
                : SuspendFunctionInvoker.published(answer(target, visible, rejection));
    }

    private @Nullable Object[] given(@Nullable Object[] args, RateLimitExceededException rejection) {
        if (!takesException) {
            return args;
        }
        @Nullable Object[] all = Arrays.copyOf(args, args.length + 1);
        all[args.length] = rejection;
        return all;
    }

    /**
     * Returns the methods of the bean that have the name of the fallback, without the limited method itself: first the
     * methods of its class, then those of its superclasses and interfaces.
     */
    private static List<Method> named(AnnotationAttribute origin) {
        Set<Class<?>> types = new LinkedHashSet<>();
        for (Class<?> type = origin.targetClass(); type != null; type = type.getSuperclass()) {
            types.add(type);
        }
        types.addAll(Arrays.asList(ClassUtils.getAllInterfacesForClass(origin.targetClass())));
        List<Method> named = new ArrayList<>();
        for (Class<?> type : types) {
            for (Method method : type.getDeclaredMethods()) {
                if (method.getName().equals(origin.value())
                        && !method.isBridge()
                        && !isLimited(method, origin)
                        && (isStatic(method) || !isStatic(origin.method()))) {
                    named.add(method);
                }
            }
        }
        return named;
    }

    private static boolean isStatic(Method method) {
        return Modifier.isStatic(method.getModifiers());
    }

    private static boolean isLimited(Method method, AnnotationAttribute origin) {
        return ResolvedSignature.of(method, origin.targetClass())
                .equals(ResolvedSignature.of(origin.method(), origin.targetClass()));
    }

    private static boolean isNothing(Class<?> returned) {
        return returned == void.class || returned.getName().equals("kotlin.Unit");
    }

    private static String wanted(AnnotationAttribute origin) {
        String limited = AnnotationAttribute.text(origin.method(), origin.targetClass());
        String parameters = limited.substring(limited.indexOf('(') + 1, limited.length() - 1);
        String returned =
                SuspendFunction.returned(origin.method(), origin.targetClass()).getSimpleName();
        return (isStatic(origin.method()) ? "static " : "") + returned + " " + origin.value() + "(" + parameters
                + "), optionally with a RateLimitExceededException as its last parameter";
    }
}
