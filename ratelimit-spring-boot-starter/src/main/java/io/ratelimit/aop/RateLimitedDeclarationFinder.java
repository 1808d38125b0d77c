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
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.core.annotation.AnnotationUtils;
import org.springframework.util.ClassUtils;
import org.springframework.util.ReflectionUtils;

/**
 * Finds the declarations that apply to a method of a class.
 *
 * <p>The nearest place with declarations replaces all others. The order is: the method, the methods that it overrides,
 * the class, its superclasses, the methods of interfaces, the interfaces. The declarations of interfaces that do not
 * extend each other all apply. A method with {@code @NotRateLimited} is such a place too, where the search ends without
 * declarations. Methods that create beans have none, and those of the type do not apply to configuration classes.
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

    /** {@return whether a class or a supertype has a declaration, not only methods of it} */
    boolean isOnType(Class<?> targetClass) {
        return Stream.concat(superclasses(targetClass).stream(), interfaces(targetClass).stream())
                .anyMatch(RateLimitedDeclaration::isOn);
    }

    /** {@return whether a class has a declaration, itself or from a superclass, but none of a given superclass} */
    boolean isOnlyBelow(Class<?> parent, Class<?> targetClass) {
        return !isOnType(parent)
                && superclasses(targetClass).stream()
                        .takeWhile(type -> type != parent)
                        .anyMatch(RateLimitedDeclaration::isOn);
    }

    /** {@return the declarations that apply to a method that no subclass overrides; empty if it is not limited} */
    List<RateLimitedDeclaration> of(Method specific, Class<?> targetClass) {
        if (ConfigurationTypes.isBeanMethod(specific)) {
            return List.of();
        }
        ResolvedSignature signature = ResolvedSignature.of(specific, targetClass);
        for (Method method : overridden(specific, signature, targetClass)) {
            List<RateLimitedDeclaration> found = RateLimitedDeclaration.on(method);
            if (!found.isEmpty() || RateLimitedDeclaration.isExempt(method)) {
                return found;
            }
        }
        return isInheritable(specific) ? inherited(specific, signature, targetClass) : List.of();
    }

    private static boolean isInheritable(Method specific) {
        return Modifier.isPublic(specific.getModifiers())
                && !Modifier.isStatic(specific.getModifiers())
                && !ReflectionUtils.isObjectMethod(specific);
    }

    private List<RateLimitedDeclaration> inherited(Method specific, ResolvedSignature signature, Class<?> targetClass) {
        boolean isConfiguration = isOnType(targetClass) && ConfigurationTypes.isConfiguration(targetClass);
        List<RateLimitedDeclaration> found = isConfiguration ? List.of() : first(superclasses(targetClass));
        if (!found.isEmpty()) {
            return found;
        }
        Map<Class<?>, Method> declaring = new LinkedHashMap<>();
        for (Class<?> type : interfaces(targetClass)) {
            for (Method method : type.getDeclaredMethods()) {
                if (isInherited(method) && isImplementedBy(method, specific, signature, targetClass)) {
                    declaring.put(type, method);
                }
            }
        }
        found = nearest(declaring);
        if (!found.isEmpty() || isConfiguration) {
            return found;
        }
        Map<Class<?>, Class<?>> types = new LinkedHashMap<>();
        for (Class<?> type : interfaces(targetClass)) {
            List<Method> declared = declaring.entrySet().stream()
                    .filter(declarer -> declarer.getKey().isAssignableFrom(type))
                    .map(Map.Entry::getValue)
                    .toList();
            if (!declared.isEmpty() && declared.stream().noneMatch(RateLimitedDeclaration::isExempt)) {
                types.put(type, type);
            }
        }
        return nearest(types);
    }

    /** The methods of lambdas and dynamic proxies have the erased parameters of the interface. */
    private static boolean isImplementedBy(
            Method method, Method specific, ResolvedSignature signature, Class<?> targetClass) {
        return method.getName().equals(specific.getName())
                && (Arrays.equals(method.getParameterTypes(), specific.getParameterTypes())
                        || ResolvedSignature.of(method, targetClass).equals(signature));
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

    /** Returns the declarations of all interfaces that no other interface with declarations or an exemption extends. */
    private static List<RateLimitedDeclaration> nearest(Map<Class<?>, ? extends AnnotatedElement> elements) {
        Map<Class<?>, List<RateLimitedDeclaration>> found = new LinkedHashMap<>();
        elements.forEach((type, element) -> {
            List<RateLimitedDeclaration> own = RateLimitedDeclaration.on(element);
            if (!own.isEmpty() || RateLimitedDeclaration.isExempt(element)) {
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
