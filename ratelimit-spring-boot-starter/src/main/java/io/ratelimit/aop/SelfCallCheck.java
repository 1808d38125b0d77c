package io.ratelimit.aop;

import io.ratelimit.aop.SelfCallFinder.MethodKey;
import io.ratelimit.aop.SelfCallFinder.SelfCall;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.support.AopUtils;
import org.springframework.asm.Type;
import org.springframework.core.NativeDetector;
import org.springframework.util.ClassUtils;

/**
 * Logs the calls that limited beans make on themselves. Such a call goes past the proxy of the bean, and is not
 * limited. It may be what the author wants, so it is no mistake that stops the start.
 */
final class SelfCallCheck {

    private static final Log LOG = LogFactory.getLog(SelfCallCheck.class);

    private final Set<Class<?>> checked = ConcurrentHashMap.newKeySet();

    /**
     * Logs the calls of a class on {@code this}, once for each class. Nothing is logged if the class file cannot be
     * read.
     *
     * @param type the class of a bean
     * @param limited the methods that a proxy of the bean limits
     */
    void log(Class<?> type, Set<Method> limited) {
        if (limited.isEmpty() || NativeDetector.inNativeImage() || !LOG.isInfoEnabled() || !checked.add(type)) {
            return;
        }
        Set<String> findings = new LinkedHashSet<>();
        for (Class<?> declaring = type; isOfApplication(declaring); declaring = declaring.getSuperclass()) {
            for (SelfCall call : read(declaring)) {
                String finding = finding(call, declaring, type, limited);
                if (finding != null) {
                    findings.add(finding);
                }
            }
        }
        findings.forEach(LOG::info);
    }

    private static boolean isOfApplication(@Nullable Class<?> type) {
        return type != null
                && !type.getName().startsWith("java.")
                && !type.getName().startsWith("org.springframework.");
    }

    private static Set<SelfCall> read(Class<?> type) {
        try (InputStream classFile = type.getResourceAsStream(ClassUtils.getClassFileName(type))) {
            return classFile == null ? Set.of() : SelfCallFinder.find(classFile.readAllBytes());
        } catch (IOException | RuntimeException ex) {
            LOG.debug(
                    "Calls of " + type.getName() + " on itself are not searched, because its class file cannot be read",
                    ex);
            return Set.of();
        }
    }

    /**
     * Returns the text of a call; null if it is none of a limited method, or cannot happen in the class of the bean.
     */
    private static @Nullable String finding(SelfCall call, Class<?> declaring, Class<?> type, Set<Method> limited) {
        Method called = method(call.called(), type);
        Method caller = declared(call.caller(), declaring);
        if (called == null || caller == null || caller.isBridge() || isOverridden(caller, type)) {
            return null;
        }
        Method running = AopUtils.getMostSpecificMethod(called, type);
        if (running.equals(caller) || !limited.contains(running)) {
            return null;
        }
        String name = AnnotationAttribute.text(running, type);
        return AnnotationAttribute.text(caller, type) + " calls " + name
                + " on this object, past the proxy that limits it,"
                + " so the call is not limited; move one of the two methods to another bean, or call "
                + KotlinSignature.of(running).name() + " through an injected reference to the bean, or weave the class"
                + " (ratelimit.aop.mode=aspectj)";
    }

    /** Returns whether a method of a superclass does not run in the class of the bean. */
    private static boolean isOverridden(Method method, Class<?> type) {
        return !Modifier.isPrivate(method.getModifiers())
                && !AopUtils.getMostSpecificMethod(method, type).equals(method);
    }

    /** Finds the method of a class, its superclasses and its interfaces that a call names. */
    private static @Nullable Method method(MethodKey key, Class<?> type) {
        for (Class<?> declaring = type; declaring != null; declaring = declaring.getSuperclass()) {
            Method found = declared(key, declaring);
            if (found != null) {
                return found;
            }
        }
        for (Class<?> declaring : ClassUtils.getAllInterfacesForClassAsSet(type)) {
            Method found = declared(key, declaring);
            if (found != null) {
                return found;
            }
        }
        return null;
    }

    private static @Nullable Method declared(MethodKey key, Class<?> type) {
        for (Method method : type.getDeclaredMethods()) {
            if (method.getName().equals(key.name())
                    && Type.getMethodDescriptor(method).equals(key.descriptor())) {
                return method;
            }
        }
        return null;
    }
}
