package io.ratelimit.aop;

import io.ratelimit.RateLimitExceededException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.core.KotlinDetector;
import org.springframework.util.ClassUtils;
import org.springframework.util.ReflectionUtils;

/**
 * The method that answers rejected calls.
 *
 * @param takesException whether its last parameter is the exception
 * @param returned the value class of Kotlin that it returns; null if it is another type
 */
record FallbackMethod(
        Method method, boolean takesException, @Nullable ValueClass returned) {

    /**
     * Finds the fallback. If there are two, the one with the exception as its last parameter is used.
     *
     * @param origin the attribute, whose value is the name of the method
     * @throws InvalidRateLimitedException if no method has that name and fits, or several do
     */
    static FallbackMethod find(AnnotationAttribute origin) {
        List<Method> named = named(origin);
        List<Method> withException = fitting(named, origin, true);
        boolean takesException = !withException.isEmpty();
        List<Method> fitting = takesException ? withException : fitting(named, origin, false);
        if (fitting.isEmpty()) {
            throw origin.invalid(
                    named.isEmpty()
                            ? "no such method in " + origin.targetClass().getName()
                            : "has other parameters than the limited method",
                    "declare " + wanted(origin));
        }
        Method first = fitting.get(0);
        requireNoOther(first, fitting, origin);
        FallbackMethod found = new FallbackMethod(
                first, takesException, KotlinSignature.of(first).returned());
        checkReturned(found, origin);
        ReflectionUtils.makeAccessible(found.method);
        return found;
    }

    /** Returns whether a method has a name in the source code. */
    static boolean isNamed(Method method, String name) {
        return method.getName().equals(name)
                || method.getName().startsWith(name)
                        && KotlinSignature.of(method).name().equals(name);
    }

    /** Returns the methods that have the parameters of the limited method, and perhaps the exception. */
    private static List<Method> fitting(List<Method> named, AnnotationAttribute origin, boolean withException) {
        List<Class<?>> limited = SuspendFunction.parameters(origin.method(), origin.targetClass());
        int count = limited.size();
        Map<Integer, Class<?>> limitedClasses = valueClasses(origin.method(), count);
        List<Method> fitting = new ArrayList<>();
        for (Method candidate : named) {
            List<Class<?>> parameters = SuspendFunction.parameters(candidate, origin.targetClass());
            if (parameters.size() == count + (withException ? 1 : 0)
                    && parameters.subList(0, count).equals(limited)
                    && valueClasses(candidate, count).equals(limitedClasses)
                    && (!withException || parameters.get(count).isAssignableFrom(RateLimitExceededException.class))) {
                fitting.add(candidate);
            }
        }
        return fitting;
    }

    /** Checks that a class has one fitting function only, as far as the JVM shows their parameters. */
    private static void requireNoOther(Method first, List<Method> fitting, AnnotationAttribute origin) {
        for (Method other : fitting) {
            if (other.getDeclaringClass() == first.getDeclaringClass()
                    && !other.getName().equals(first.getName())) {
                throw origin.invalid(
                        "several functions with this name fit, because their value classes are unknown without"
                                + " kotlin-reflect",
                        "add org.jetbrains.kotlin:kotlin-reflect, or give the fallback a name of its own");
            }
        }
    }

    private static Map<Integer, Class<?>> valueClasses(Method method, int count) {
        Map<Integer, Class<?>> classes = new HashMap<>();
        KotlinSignature.of(method).parameters().forEach((position, valueClass) -> {
            if (position < count) {
                classes.put(position, valueClass.type());
            }
        });
        return classes;
    }

    private static void checkReturned(FallbackMethod found, AnnotationAttribute origin) {
        boolean suspending = KotlinDetector.isSuspendingFunction(origin.method());
        if (KotlinDetector.isSuspendingFunction(found.method) && !suspending) {
            throw origin.invalid("is a suspend function, but the limited method is not", "declare " + wanted(origin));
        }
        Class<?> wanted = SuspendFunction.returned(origin.method(), origin.targetClass());
        Class<?> given = SuspendFunction.returned(found.method, origin.targetClass());
        ValueClass valueClass = KotlinSignature.of(origin.method()).returned();
        boolean fits = valueClass == null && found.returned == null
                ? ClassUtils.isAssignable(wanted, given)
                : valueClass != null
                        && found.returned != null
                        && valueClass.type() == found.returned.type()
                        && (suspending || ClassUtils.isAssignable(wanted, given));
        if (!isNothing(wanted) && !fits) {
            throw origin.invalid(
                    "returns " + returned(found.method, origin) + ", which is no " + returned(origin.method(), origin),
                    "declare " + wanted(origin));
        }
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
        if (KotlinDetector.isSuspendingFunction(method)) {
            return SuspendFunctionInvoker.invoke(
                    method, target, given(visible, rejection), SuspendFunction.continuation(args));
        }
        Object result = answer(target, visible, rejection);
        return returned == null
                ? SuspendFunctionInvoker.published(result)
                : SuspendFunctionInvoker.dispatched(returned.box(result), SuspendFunction.continuation(args));
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
                if (isNamed(method, origin.value())
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
        return (isStatic(origin.method()) ? "static " : "") + returned(origin.method(), origin) + " " + origin.value()
                + "(" + parameters + "), optionally with a RateLimitExceededException as its last parameter";
    }

    private static String returned(Method method, AnnotationAttribute origin) {
        ValueClass valueClass = KotlinSignature.of(method).returned();
        return valueClass != null
                ? valueClass.toString()
                : SuspendFunction.returned(method, origin.targetClass()).getSimpleName();
    }
}
