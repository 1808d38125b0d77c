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
import org.springframework.core.ResolvableType;
import org.springframework.util.ClassUtils;
import org.springframework.util.ReflectionUtils;

/**
 * The method that answers refused calls.
 *
 * @param takesException whether it has the exception as its last parameter
 */
record Fallback(Method method, boolean takesException) {

    /**
     * Finds it; the one that takes the exception if there are two.
     *
     * @param site the attribute, whose value is its name
     * @throws InvalidRateLimitedException if there is none that fits
     */
    static Fallback find(Site site) {
        Signature limited = Signature.of(site.method(), site.targetClass());
        List<Method> named = named(site);
        Fallback found = null;
        for (Method candidate : named) {
            List<Class<?>> parameters =
                    Signature.of(candidate, site.targetClass()).parameters();
            int count = limited.parameters().size();
            if (parameters.size() == count + 1
                    && parameters.subList(0, count).equals(limited.parameters())
                    && parameters.get(count).isAssignableFrom(RateLimitExceededException.class)) {
                found = new Fallback(candidate, true);
                break;
            }
            if (found == null && parameters.equals(limited.parameters())) {
                found = new Fallback(candidate, false);
            }
        }
        if (found == null) {
            throw site.invalid(
                    named.isEmpty()
                            ? "no such method in " + site.targetClass().getName()
                            : "has other parameters than the limited method",
                    "declare " + wanted(site));
        }
        Class<?> wanted = returned(site.method(), site.targetClass());
        Class<?> given = returned(found.method, site.targetClass());
        if (wanted != void.class && !ClassUtils.isAssignable(wanted, given)) {
            throw site.invalid(
                    "returns " + given.getSimpleName() + ", which is no " + wanted.getSimpleName(),
                    "declare " + wanted(site));
        }
        ReflectionUtils.makeAccessible(found.method);
        return found;
    }

    @Nullable Object answer(@Nullable Object target, @Nullable Object[] args, RateLimitExceededException refusal)
            throws Throwable {
        @Nullable Object[] all = args;
        if (takesException) {
            all = Arrays.copyOf(args, args.length + 1);
            all[args.length] = refusal;
        }
        try {
            return method.invoke(target, all);
        } catch (InvocationTargetException ex) {
            throw ex.getTargetException();
        }
    }

    /** Methods of the bean by that name, the nearest first, never the limited one itself. */
    private static List<Method> named(Site site) {
        Set<Class<?>> types = new LinkedHashSet<>();
        for (Class<?> type = site.targetClass(); type != null; type = type.getSuperclass()) {
            types.add(type);
        }
        types.addAll(Arrays.asList(ClassUtils.getAllInterfacesForClass(site.targetClass())));
        List<Method> named = new ArrayList<>();
        for (Class<?> type : types) {
            for (Method method : type.getDeclaredMethods()) {
                if (method.getName().equals(site.value())
                        && !method.isBridge()
                        && !isLimited(method, site)
                        && (isStatic(method) || !isStatic(site.method()))) {
                    named.add(method);
                }
            }
        }
        return named;
    }

    private static boolean isStatic(Method method) {
        return Modifier.isStatic(method.getModifiers());
    }

    private static boolean isLimited(Method method, Site site) {
        return Signature.of(method, site.targetClass()).equals(Signature.of(site.method(), site.targetClass()));
    }

    private static Class<?> returned(Method method, Class<?> targetClass) {
        return ResolvableType.forMethodReturnType(method, targetClass).resolve(method.getReturnType());
    }

    private static String wanted(Site site) {
        String limited = Site.text(site.method(), site.targetClass());
        String parameters = limited.substring(limited.indexOf('(') + 1, limited.length() - 1);
        String returned = returned(site.method(), site.targetClass()).getSimpleName();
        return (isStatic(site.method()) ? "static " : "") + returned + " " + site.value() + "(" + parameters
                + "), with a RateLimitExceededException last if it likes";
    }
}
