package io.ratelimit.aop;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.support.AopUtils;
import org.springframework.core.KotlinDetector;
import org.springframework.util.ClassUtils;

/** Tells which classes and methods a proxy cannot advise. */
final class ProxyRestrictions {

    private static final String KOTLIN_CURE =
            "write open, or apply the compiler plugin kotlin(\"plugin.spring\"), which"
                    + " opens classes with annotations such as @Service";

    /**
     * Their final methods run on the proxy itself, whose fields are empty, and throw when the container starts them.
     */
    private static final Set<String> BROKEN_BY_CLASS_PROXY = Set.of(
            "org.springframework.web.filter.GenericFilterBean", "org.springframework.web.servlet.HttpServletBean");

    private ProxyRestrictions() {}

    /** {@return the reason why no proxy can extend a class; null if one can} */
    static @Nullable IneffectiveReason ofClass(Class<?> type) {
        if (Proxy.isProxyClass(type) || ClassUtils.isLambdaClass(type)) {
            return null;
        }
        if (type.isRecord()) {
            return new IneffectiveReason(
                    "its class is a record, and a proxy cannot extend it", "make it a class that is not final");
        }
        if (type.isSealed()) {
            return new IneffectiveReason("its class is sealed, and a proxy cannot extend it", "make it non-sealed");
        }
        if (Modifier.isFinal(type.getModifiers())) {
            return KotlinDetector.isKotlinType(type)
                    ? new IneffectiveReason(
                            "its class is final, as Kotlin's classes are, and a proxy cannot extend it", KOTLIN_CURE)
                    : new IneffectiveReason(
                            "its class is final, and a proxy cannot extend it", "make the class non-final");
        }
        for (Class<?> parent = type.getSuperclass(); parent != null; parent = parent.getSuperclass()) {
            if (BROKEN_BY_CLASS_PROXY.contains(parent.getName())) {
                return new IneffectiveReason(
                        "its class is a " + parent.getSimpleName() + ", which a proxy of the class breaks",
                        "move the annotation to a method of another bean, which this one calls");
            }
        }
        return null;
    }

    /** {@return the reason why no proxy at all can advise a method; null if one can} */
    static @Nullable IneffectiveReason ofMethod(Method method) {
        if (Modifier.isPrivate(method.getModifiers())) {
            return new IneffectiveReason(
                    "the method is private, and a proxy cannot see it",
                    "make it public, and call it from another bean");
        }
        if (Modifier.isStatic(method.getModifiers())) {
            return new IneffectiveReason(
                    "the method is static, and a proxy cannot override it", "make it a method of the bean");
        }
        return null;
    }

    /** {@return the reason why a proxy cannot advise a method of its target; null if it can} */
    static @Nullable IneffectiveReason ofMethod(Method method, Class<?> proxyClass, Class<?> targetClass) {
        int modifiers = method.getModifiers();
        IneffectiveReason ofMethod = ofMethod(method);
        if (ofMethod != null) {
            return ofMethod;
        }
        if (Proxy.isProxyClass(proxyClass)) {
            return isOfInterface(method, proxyClass, targetClass)
                    ? null
                    : new IneffectiveReason(
                            "no interface of the proxy declares the method",
                            "declare it in one, or set spring.aop.proxy-target-class");
        }
        if (Modifier.isFinal(modifiers)) {
            return KotlinDetector.isKotlinType(method.getDeclaringClass())
                    ? new IneffectiveReason(
                            "the method is final, as Kotlin's are, and a proxy cannot override it", KOTLIN_CURE)
                    : new IneffectiveReason("the method is final, and a proxy cannot override it", "make it non-final");
        }
        return isPackagePrivate(modifiers) && !isSamePackage(method.getDeclaringClass(), proxyClass)
                ? new IneffectiveReason(
                        "the method is package-private in a package that the proxy is not in",
                        "make it public or protected")
                : null;
    }

    /** {@return whether an interface of a dynamic proxy declares a method of the target} */
    static boolean isOfInterface(Method method, Class<?> proxyClass, Class<?> targetClass) {
        Class<?>[] parameters =
                AopUtils.getMostSpecificMethod(method, targetClass).getParameterTypes();
        return Arrays.stream(proxyClass.getInterfaces())
                .flatMap(type -> Arrays.stream(type.getMethods()))
                .anyMatch(declared -> declared.getName().equals(method.getName())
                        && Arrays.equals(
                                AopUtils.getMostSpecificMethod(declared, targetClass)
                                        .getParameterTypes(),
                                parameters));
    }

    private static boolean isPackagePrivate(int modifiers) {
        return !Modifier.isPublic(modifiers) && !Modifier.isProtected(modifiers);
    }

    private static boolean isSamePackage(Class<?> declaring, Class<?> proxyClass) {
        return declaring.getClassLoader() == proxyClass.getClassLoader()
                && declaring.getPackageName().equals(proxyClass.getPackageName());
    }
}
