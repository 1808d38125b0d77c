package io.ratelimit.aop;

import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.SpringProxy;
import org.springframework.aop.TargetSource;
import org.springframework.aop.framework.Advised;
import org.springframework.aop.support.AopUtils;
import org.springframework.aop.target.AbstractBeanFactoryBasedTargetSource;
import org.springframework.aop.target.HotSwappableTargetSource;
import org.springframework.util.ClassUtils;

/**
 * The proxies around a target, whoever created them. Two beans of the same classes have equal chains.
 *
 * @param proxies the proxies, from the outermost to the innermost
 * @param innermost the class of the object inside all proxies, as far as they tell
 * @param opaque whether the innermost object is a proxy that does not show its advice
 * @param ofOtherBean whether the innermost object is another bean, which the proxy fetches on each call
 */
record ProxyChain(List<AdvisedProxy> proxies, Class<?> innermost, boolean opaque, boolean ofOtherBean) {

    /**
     * A proxy that shows its advice, or a wrapper, which is an object that a post-processor put around a proxy.
     *
     * @param type the class of the proxy
     * @param targetClass the class of the object that the proxy calls, which may be a proxy itself
     * @param hasAdvisor whether the limits are part of its advice
     */
    record AdvisedProxy(Class<?> type, Class<?> targetClass, boolean hasAdvisor) {

        boolean isWrapper() {
            return !SpringProxy.class.isAssignableFrom(type);
        }
    }

    /** A method, and the class of the object on which a proxy calls it. */
    record TargetMethod(Method method, Class<?> targetClass) {}

    static ProxyChain of(Object bean) {
        List<AdvisedProxy> proxies = new ArrayList<>();
        Object current = bean;
        while (current instanceof SpringProxy && current instanceof Advised advised) {
            TargetSource source = advised.getTargetSource();
            Class<?> targetClass = source.getTargetClass();
            Class<?> visible = ClassUtils.getUserClass(targetClass == null ? current.getClass() : targetClass);
            boolean hasAdvisor = Arrays.stream(advised.getAdvisors()).anyMatch(RateLimitAdvisor.class::isInstance);
            proxies.add(new AdvisedProxy(current.getClass(), visible, hasAdvisor));
            Object target = fixedTarget(source);
            if (target == null) {
                boolean ofOtherBean = source instanceof AbstractBeanFactoryBasedTargetSource;
                return new ProxyChain(List.copyOf(proxies), visible, false, ofOtherBean);
            }
            current = target;
        }
        Class<?> type = current.getClass();
        return new ProxyChain(
                List.copyOf(proxies), ClassUtils.getUserClass(type), current instanceof SpringProxy, false);
    }

    /**
     * Returns the chain that a bean will have.
     *
     * @param proxyType the type of the proxy that Spring's auto-proxying will create; null if it will create none
     * @param type the class of the bean
     */
    static ProxyChain predicted(@Nullable Class<?> proxyType, Class<?> type) {
        List<AdvisedProxy> proxies = proxyType == null ? List.of() : List.of(new AdvisedProxy(proxyType, type, true));
        return new ProxyChain(proxies, type, false, false);
    }

    /** {@return the object inside all proxies of a bean that have a fixed target} */
    static Object target(Object bean) {
        Object current = bean;
        while (current instanceof SpringProxy && current instanceof Advised advised) {
            Object target = fixedTarget(advised.getTargetSource());
            if (target == null) {
                break;
            }
            current = target;
        }
        return current;
    }

    /** {@return whether the limits are part of the advice of a proxy} */
    boolean hasAdvisor() {
        return proxies.stream().anyMatch(AdvisedProxy::hasAdvisor);
    }

    /** {@return whether all proxies of another chain are in this one} */
    boolean contains(ProxyChain other) {
        return proxies.containsAll(other.proxies);
    }

    /** {@return this chain, whose innermost object is a wrapper, around the proxies of another one} */
    ProxyChain around(ProxyChain wrapped) {
        List<AdvisedProxy> all = new ArrayList<>(proxies);
        all.add(new AdvisedProxy(innermost, wrapped.proxies.get(0).targetClass(), false));
        all.addAll(wrapped.proxies);
        return new ProxyChain(List.copyOf(all), wrapped.innermost, wrapped.opaque, wrapped.ofOtherBean);
    }

    /** {@return the classes that a caller of the bean may know, the innermost first} */
    Set<Class<?>> classes() {
        Set<Class<?>> classes = new LinkedHashSet<>();
        classes.add(innermost);
        for (int i = proxies.size() - 1; i >= 0; i--) {
            classes.add(proxies.get(i).targetClass());
            classes.add(ClassUtils.getUserClass(proxies.get(i).type()));
        }
        return classes;
    }

    /** {@return a method of a class as the first proxy that applies its limits calls it; null if none does} */
    @Nullable TargetMethod limited(Method method, Class<?> type, RateLimitedMethodRegistry methods) {
        for (AdvisedProxy proxy : proxies) {
            Method called = counterpart(method, proxy.targetClass());
            if (called != null
                    && advises(proxy, methods)
                    && methods.isLimited(called, proxy.targetClass())
                    && (!hasWrapper() || methods.isLimitedAlike(method, type, called, proxy.targetClass()))
                    && ProxyRestrictions.ofMethod(called, proxy.type(), proxy.targetClass()) == null) {
                return new TargetMethod(called, proxy.targetClass());
            }
        }
        return null;
    }

    /** {@return whether callers of the bean cannot call a method, because no interface of the bean declares it} */
    boolean hides(Method method) {
        return proxies.stream()
                .anyMatch(proxy -> Proxy.isProxyClass(proxy.type())
                        && !ProxyRestrictions.isOfInterface(method, proxy.type(), proxy.targetClass()));
    }

    /** {@return the reason why none of the proxies applies the limits to a method} */
    IneffectiveReason obstacle(Method method, Class<?> type, RateLimitedMethodRegistry methods) {
        IneffectiveReason ofMethod = ProxyRestrictions.ofMethod(method);
        if (ofMethod != null) {
            return ofMethod;
        }
        if (hasWrapper() && proxies.stream().noneMatch(proxy -> callsLimited(proxy, method, type, methods))) {
            return new IneffectiveReason(
                    "a post-processor put the object around the proxy of the bean, which does not apply this limit",
                    "annotate the methods of the bean that the object calls");
        }
        for (AdvisedProxy proxy : proxies) {
            Method called = counterpart(method, proxy.targetClass());
            IneffectiveReason ofProxy =
                    ProxyRestrictions.ofMethod(called == null ? method : called, proxy.type(), proxy.targetClass());
            if (ofProxy != null && advises(proxy, methods)) {
                return ofProxy;
            }
        }
        IneffectiveReason ofClass = ProxyRestrictions.ofClass(innermost);
        if (ofClass != null && !methods.mayAdvise(innermost)) {
            return ofClass;
        }
        if (opaque) {
            return new IneffectiveReason(
                    "its proxy is opaque and does not show its advice", "create the proxy with opaque=false");
        }
        return proxies.isEmpty()
                ? new IneffectiveReason(
                        "its bean has no proxy",
                        "do not switch spring.aop.auto off, and do not limit a bean that an aspect, an advisor or a"
                                + " post-processor is or needs, because it is created before there are proxies")
                : new IneffectiveReason(
                        "its proxy was created without the advice that limits calls",
                        "return the object itself, so that Spring creates the proxy, or annotate the interface of the"
                                + " proxy, or add the bean rateLimitAdvisor to its advisors");
    }

    /** Returns the method of a target that a proxy or wrapper calls when a method of its own is called. */
    private static @Nullable Method counterpart(Method method, Class<?> targetClass) {
        Class<?> declaring = method.getDeclaringClass();
        if (declaring.isAssignableFrom(targetClass)) {
            return method;
        }
        Method same = ClassUtils.getMethodIfAvailable(targetClass, method.getName(), method.getParameterTypes());
        if (same != null) {
            return AopUtils.getMostSpecificMethod(same, targetClass);
        }
        ResolvedSignature signature = ResolvedSignature.of(method, declaring);
        for (Class<?> type : ClassUtils.getAllInterfacesForClassAsSet(declaring)) {
            for (Method declared : type.isAssignableFrom(targetClass) ? type.getMethods() : new Method[0]) {
                if (ResolvedSignature.of(declared, declaring).equals(signature)) {
                    return AopUtils.getMostSpecificMethod(declared, targetClass);
                }
            }
        }
        return null;
    }

    private boolean hasWrapper() {
        return proxies.stream().anyMatch(AdvisedProxy::isWrapper);
    }

    private static boolean callsLimited(
            AdvisedProxy proxy, Method method, Class<?> type, RateLimitedMethodRegistry methods) {
        Method called = counterpart(method, proxy.targetClass());
        return called != null
                && advises(proxy, methods)
                && methods.isLimited(called, proxy.targetClass())
                && methods.isLimitedAlike(method, type, called, proxy.targetClass());
    }

    private static boolean advises(AdvisedProxy proxy, RateLimitedMethodRegistry methods) {
        return proxy.hasAdvisor() && methods.mayAdvise(proxy.targetClass());
    }

    private static @Nullable Object fixedTarget(TargetSource source) {
        if (!source.isStatic() && !(source instanceof HotSwappableTargetSource)) {
            return null;
        }
        try {
            return source.getTarget();
        } catch (Exception ex) {
            throw new IllegalStateException("The target of " + source + " cannot be read", ex);
        }
    }
}
