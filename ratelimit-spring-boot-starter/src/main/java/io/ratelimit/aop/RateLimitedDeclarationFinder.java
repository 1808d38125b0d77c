package io.ratelimit.aop;

import io.ratelimit.annotation.RateLimited;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.springframework.core.annotation.AnnotationUtils;
import org.springframework.util.ClassUtils;
import org.springframework.util.ReflectionUtils;

/**
 * Finds the declarations that apply to a method of a class.
 *
 * <p>The nearest place with declarations replaces all others. The order is: the method, the methods that it overrides,
 * the class, its superclasses, the methods of interfaces, the interfaces. The declarations of interfaces that do not
 * extend each other all apply.
 */
final class RateLimitedDeclarationFinder {

    private final Map<Class<?>, Boolean> bearing = new ConcurrentHashMap<>();

    /** {@return whether a class, a supertype or one of their methods has a declaration} */
    boolean anyIn(Class<?> targetClass) {
        for (Class<?> type = targetClass; type != null && type != Object.class; type = type.getSuperclass()) {
            if (bears(type)) {
                return true;
            }
        }
        return interfaces(targetClass).stream().anyMatch(this::bears);
    }

    /** {@return the declarations that apply to a method that no subclass overrides; empty if it is not limited} */
    List<RateLimitedDeclaration> of(Method specific, Class<?> targetClass) {
        ResolvedSignature signature = ResolvedSignature.of(specific, targetClass);
        List<RateLimitedDeclaration> found = first(overridden(specific, signature, targetClass));
        if (!found.isEmpty()) {
            return found;
        }
        if (!Modifier.isPublic(specific.getModifiers())
                || Modifier.isStatic(specific.getModifiers())
                || ReflectionUtils.isObjectMethod(specific)) {
            return List.of();
        }
        found = first(superclasses(targetClass));
        if (!found.isEmpty()) {
            return found;
        }
        Map<Class<?>, Method> declaring = new LinkedHashMap<>();
        for (Class<?> type : interfaces(targetClass)) {
            for (Method method : type.getDeclaredMethods()) {
                if (isInherited(method)
                        && ResolvedSignature.of(method, targetClass).equals(signature)) {
                    declaring.put(type, method);
                }
            }
        }
        found = nearest(declaring);
        if (!found.isEmpty()) {
            return found;
        }
        Map<Class<?>, Class<?>> types = new LinkedHashMap<>();
        for (Class<?> type : interfaces(targetClass)) {
            if (declaring.keySet().stream().anyMatch(declarer -> declarer.isAssignableFrom(type))) {
                types.put(type, type);
            }
        }
        return nearest(types);
    }

    private boolean bears(Class<?> type) {
        return AnnotationUtils.isCandidateClass(type, RateLimited.class)
                && bearing.computeIfAbsent(type, RateLimitedDeclarationFinder::bearsAny);
    }

    private static boolean bearsAny(Class<?> type) {
        try {
            return RateLimitedDeclaration.isOn(type)
                    || Arrays.stream(type.getDeclaredMethods()).anyMatch(RateLimitedDeclaration::isOn);
        } catch (LinkageError ex) {
            // A method refers to a missing type, as in configurations for optional libraries.
            return false;
        }
    }

    private static List<Method> overridden(Method specific, ResolvedSignature signature, Class<?> targetClass) {
        List<Method> methods = new ArrayList<>();
        methods.add(specific);
        if (!isInherited(specific)) {
            return methods;
        }
        for (Class<?> type : superclasses(specific.getDeclaringClass().getSuperclass())) {
            for (Method method : type.getDeclaredMethods()) {
                if (isInherited(method)
                        && isVisible(method, specific)
                        && method.getName().equals(signature.name())
                        && ResolvedSignature.of(method, targetClass).equals(signature)) {
                    methods.add(method);
                }
            }
        }
        return methods;
    }

    private static boolean isInherited(Method method) {
        return !method.isBridge()
                && !Modifier.isPrivate(method.getModifiers())
                && !Modifier.isStatic(method.getModifiers());
    }

    private static boolean isVisible(Method method, Method from) {
        return Modifier.isPublic(method.getModifiers())
                || Modifier.isProtected(method.getModifiers())
                || method.getDeclaringClass()
                        .getPackageName()
                        .equals(from.getDeclaringClass().getPackageName());
    }

    private static List<Class<?>> superclasses(@Nullable Class<?> start) {
        List<Class<?>> types = new ArrayList<>();
        for (Class<?> type = start; type != null && type != Object.class; type = type.getSuperclass()) {
            types.add(type);
        }
        return types;
    }

    private static Set<Class<?>> interfaces(Class<?> targetClass) {
        Set<Class<?>> all = new LinkedHashSet<>();
        collect(ClassUtils.getAllInterfacesForClassAsSet(targetClass), all);
        return all;
    }

    private static void collect(Collection<Class<?>> types, Set<Class<?>> all) {
        for (Class<?> type : types) {
            if (all.add(type)) {
                collect(List.of(type.getInterfaces()), all);
            }
        }
    }

    private static List<RateLimitedDeclaration> first(List<? extends AnnotatedElement> elements) {
        for (AnnotatedElement element : elements) {
            List<RateLimitedDeclaration> found = RateLimitedDeclaration.on(element);
            if (!found.isEmpty()) {
                return found;
            }
        }
        return List.of();
    }

    /** Returns the declarations of all interfaces that no other interface with declarations extends. */
    private static List<RateLimitedDeclaration> nearest(Map<Class<?>, ? extends AnnotatedElement> elements) {
        Map<Class<?>, List<RateLimitedDeclaration>> found = new LinkedHashMap<>();
        elements.forEach((type, element) -> {
            List<RateLimitedDeclaration> own = RateLimitedDeclaration.on(element);
            if (!own.isEmpty()) {
                found.put(type, own);
            }
        });
        List<RateLimitedDeclaration> nearest = new ArrayList<>();
        found.forEach((type, own) -> {
            if (found.keySet().stream().noneMatch(other -> other != type && type.isAssignableFrom(other))) {
                nearest.addAll(own);
            }
        });
        return nearest;
    }
}
