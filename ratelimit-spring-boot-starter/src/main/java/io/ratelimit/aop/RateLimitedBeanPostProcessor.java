package io.ratelimit.aop;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.aop.support.AopUtils;
import org.springframework.beans.factory.config.SmartInstantiationAwareBeanPostProcessor;
import org.springframework.context.annotation.AdviceMode;
import org.springframework.core.MethodIntrospector;
import org.springframework.util.ClassUtils;
import org.springframework.util.function.SingletonSupplier;

/**
 * Checks the annotated methods of each bean when it is created, so that mistakes are found at start-up.
 *
 * <p>It fails with an {@link InvalidRateLimitedException}, and logs one warning for each annotated method that a proxy
 * cannot advise. In AspectJ mode it fails for methods that the aspect could reach and that are not woven. It has no
 * order, so that it sees the proxies that other post-processors create.
 */
final class RateLimitedBeanPostProcessor implements SmartInstantiationAwareBeanPostProcessor {

    private static final Log LOG = LogFactory.getLog(RateLimitedBeanPostProcessor.class);

    private final RateLimitedMethodRegistry methods;
    private final Supplier<AdviceSettings> settings;
    private final Set<Class<?>> checked = ConcurrentHashMap.newKeySet();
    private final Map<String, Object> exposedEarly = new ConcurrentHashMap<>();

    /**
     * Creates the processor.
     *
     * @param methods collects the checked methods
     * @param settings fetched when the first bean with an annotated method is created
     */
    RateLimitedBeanPostProcessor(RateLimitedMethodRegistry methods, Supplier<AdviceSettings> settings) {
        this.methods = methods;
        this.settings = SingletonSupplier.of(settings);
    }

    @Override
    public Object getEarlyBeanReference(Object bean, String beanName) {
        exposedEarly.put(beanName, bean);
        return bean;
    }

    @Override
    public Object postProcessAfterInitialization(Object bean, String beanName) {
        Object early = exposedEarly.remove(beanName);
        Object exposed = early == null ? bean : early;
        Class<?> targetClass = ClassUtils.getUserClass(AopUtils.getTargetClass(exposed));
        if (!(exposed instanceof AopInfrastructureBean)
                && checked.add(targetClass)
                && methods.mayBeLimited(targetClass)) {
            check(exposed, targetClass);
        }
        return bean;
    }

    private void check(Object bean, Class<?> targetClass) {
        Set<Method> limited = MethodIntrospector.selectMethods(
                targetClass, (Method method) -> methods.isLimited(method, targetClass));
        for (Method method : limited) {
            if (settings.get().mode() == AdviceMode.ASPECTJ && methods.isReachedByAspect(method, targetClass)) {
                methods.find(method, targetClass);
                requireWoven(AopUtils.getMostSpecificMethod(method, targetClass), targetClass);
                continue;
            }
            String obstacle = obstacle(method, bean, targetClass);
            if (obstacle == null) {
                methods.find(method, targetClass);
            } else {
                LOG.warn("@RateLimited on " + AnnotationAttribute.text(method, targetClass) + " has no effect: "
                        + obstacle);
            }
        }
    }

    private void requireWoven(Method method, Class<?> targetClass) {
        if (settings.get().common().enabled() && !AspectJWeaving.isWoven(method)) {
            throw new AnnotationAttribute(method, targetClass, "method", method.getName())
                    .invalid(
                            "AspectJ did not weave "
                                    + method.getDeclaringClass().getName()
                                    + ", and with ratelimit.aop.mode=aspectj nothing else limits it",
                            "start with -javaagent:aspectjweaver.jar, or weave it when it is compiled, or set"
                                    + " ratelimit.aop.mode=proxy");
        }
    }

    private static @Nullable String obstacle(Method method, Object bean, Class<?> targetClass) {
        int modifiers = method.getModifiers();
        if (Modifier.isPrivate(modifiers)) {
            return "the method is private, and a proxy cannot see it; make it public";
        }
        if (Modifier.isStatic(modifiers)) {
            return "the method is static, and a proxy cannot override it; make it a method of the bean";
        }
        if (AopUtils.isJdkDynamicProxy(bean)) {
            return isOfInterface(method, bean.getClass())
                    ? null
                    : "no interface of the proxy declares the method; declare it in one, or set spring.aop.proxy-target-class";
        }
        if (!AopUtils.isCglibProxy(bean)) {
            return Modifier.isFinal(targetClass.getModifiers())
                    ? "its class is final, and a proxy cannot extend it; make the class non-final"
                    : "its bean has no proxy; do not switch spring.aop.auto off";
        }
        if (Modifier.isFinal(modifiers)) {
            return "the method is final, and a proxy cannot override it; make it non-final";
        }
        return isPackagePrivate(modifiers) && !isSamePackage(method.getDeclaringClass(), bean.getClass())
                ? "the method is package-private in a package that the proxy is not in; make it public or protected"
                : null;
    }

    private static boolean isOfInterface(Method method, Class<?> proxyClass) {
        return Arrays.stream(proxyClass.getInterfaces())
                .anyMatch(type -> ClassUtils.hasMethod(type, method.getName(), method.getParameterTypes()));
    }

    private static boolean isPackagePrivate(int modifiers) {
        return !Modifier.isPublic(modifiers) && !Modifier.isProtected(modifiers);
    }

    private static boolean isSamePackage(Class<?> declaring, Class<?> proxyClass) {
        return declaring.getClassLoader() == proxyClass.getClassLoader()
                && declaring.getPackageName().equals(proxyClass.getPackageName());
    }
}
