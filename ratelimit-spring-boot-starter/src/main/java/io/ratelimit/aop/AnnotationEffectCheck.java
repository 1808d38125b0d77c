package io.ratelimit.aop;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.springframework.aop.support.AopUtils;
import org.springframework.context.annotation.AdviceMode;
import org.springframework.core.MethodIntrospector;

/**
 * Checks that the annotations of a bean are valid and have an effect. An annotation has one if a proxy of the bean
 * applies the limits to the method, or if the method is woven in AspectJ mode. Any other is reported as
 * {@code ratelimit.aop.ineffective} says.
 */
final class AnnotationEffectCheck {

    private static final Log LOG = LogFactory.getLog(AnnotationEffectCheck.class);

    private static final String CURE_OF_CONFIGURATION = "annotate the methods of the bean that are called";

    private final RateLimitedMethodRegistry methods;
    private final Supplier<AdviceSettings> settings;
    private final SelfCallCheck selfCalls = new SelfCallCheck();

    AnnotationEffectCheck(RateLimitedMethodRegistry methods, Supplier<AdviceSettings> settings) {
        this.methods = methods;
        this.settings = settings;
    }

    /** {@return whether a bean may have annotations to check} */
    boolean concerns(ProxyChain chain) {
        return chain.classes().stream().anyMatch(methods::mayBeLimited);
    }

    /** @throws InvalidRateLimitedException if an annotation is invalid, or has no effect and this is an error */
    void check(ProxyChain chain) {
        for (Class<?> type : chain.classes()) {
            if (methods.mayBeLimited(type)) {
                checkPlaces(type);
                checkMethods(type, chain);
            }
        }
        if (methods.mayBeLimited(chain.innermost()) && settings.get().common().enabled()) {
            selfCalls.log(chain.innermost(), limitedByProxies(chain));
        }
    }

    /** Returns the methods of the innermost object that proxies limit. */
    private Set<Method> limitedByProxies(ProxyChain chain) {
        Class<?> type = chain.innermost();
        Set<Method> limited = new HashSet<>();
        for (Method method : MethodIntrospector.selectMethods(
                type, (Method method) -> methods.isLimited(method, type) && !isLimitedByAspect(method, type))) {
            ProxyChain.TargetMethod called = chain.limited(method, type, methods);
            if (called != null && called.targetClass() == type) {
                limited.add(AopUtils.getMostSpecificMethod(called.method(), type));
            }
        }
        return limited;
    }

    private boolean isLimitedByAspect(Method method, Class<?> type) {
        return settings.get().mode() == AdviceMode.ASPECTJ && methods.isReachedByAspect(method, type);
    }

    private void checkPlaces(Class<?> type) {
        if (methods.isAnnotated(type) && ConfigurationTypes.isConfiguration(type)) {
            report(
                    type.getName(),
                    "class",
                    type.getName(),
                    new IneffectiveReason(
                            "the class is a configuration or a FactoryBean, and a limit on it would count how often beans are"
                                    + " created",
                            CURE_OF_CONFIGURATION + ", or single methods of the class that create no bean"));
        }
        Set<Method> creating = MethodIntrospector.selectMethods(
                type,
                (Method method) -> ConfigurationTypes.isBeanMethod(method) && RateLimitedDeclaration.isOn(method));
        for (Method method : creating) {
            report(
                    method,
                    type,
                    new IneffectiveReason(
                            (ConfigurationTypes.isOfFactoryBean(method) ? "it creates a bean" : "it is a @Bean method")
                                    + ", and a limit on it would count how often the bean is created",
                            CURE_OF_CONFIGURATION + ", in "
                                    + method.getReturnType().getSimpleName()));
        }
    }

    private void checkMethods(Class<?> type, ProxyChain chain) {
        Set<Method> limited =
                MethodIntrospector.selectMethods(type, (Method method) -> methods.isLimited(method, type));
        for (Method method : limited) {
            if (isLimitedByAspect(method, type)) {
                methods.find(method, type);
                requireWoven(AopUtils.getMostSpecificMethod(method, type), type);
            } else if (!isFinalInLibrary(method)) {
                checkProxies(method, type, chain);
            }
        }
    }

    private void checkProxies(Method method, Class<?> type, ProxyChain chain) {
        ProxyChain.TargetMethod limited = chain.limited(method, type, methods);
        if (limited != null) {
            methods.find(limited.method(), limited.targetClass());
            checkBridge(AopUtils.getMostSpecificMethod(limited.method(), limited.targetClass()), type);
        } else if (chain.ofOtherBean() || !methods.isAnnotatedItself(method, type) && chain.hides(method)) {
            return;
        } else if (isFinalInUnannotatedParent(method, type)) {
            warn(
                    AnnotationAttribute.text(method, type),
                    new IneffectiveReason(
                            chain.obstacle(method, type, methods).problem(),
                            "annotate the methods that are to be limited instead of the class"));
        } else {
            report(method, type, chain.obstacle(method, type, methods));
        }
    }

    /** Reports a Kotlin function that a generic supertype calls past its proxy. */
    private void checkBridge(Method method, Class<?> type) {
        Method bridge = KotlinSignature.bridge(method);
        if (bridge != null) {
            String name = bridge.getName();
            report(
                    method,
                    type,
                    new IneffectiveReason(
                            "a generic supertype calls it by another name, because it takes or returns a value class,"
                                    + " so the proxy does not limit such calls",
                            "let " + name
                                    + " of the supertype have no type parameter in the place of the value class, or"
                                    + " weave the class (ratelimit.aop.mode=aspectj)"));
        }
    }

    private void requireWoven(Method method, Class<?> type) {
        if (settings.get().common().enabled() && !AspectJWeaving.isWoven(method)) {
            throw new AnnotationAttribute(method, type, "method", method.getName())
                    .invalid(
                            "AspectJ did not weave "
                                    + method.getDeclaringClass().getName()
                                    + ", and with ratelimit.aop.mode=aspectj nothing else limits it",
                            "start with -javaagent:aspectjweaver.jar, or weave it when it is compiled, or set"
                                    + " ratelimit.aop.mode=proxy");
        }
    }

    private void report(Method method, Class<?> type, IneffectiveReason reason) {
        report(AnnotationAttribute.text(method, type), "method", method.getName(), reason);
    }

    private void report(String place, String attribute, String value, IneffectiveReason reason) {
        AdviceSettings current = settings.get();
        if (current.common().enabled() && current.ineffective() == IneffectivePolicy.FAIL) {
            throw new InvalidRateLimitedException(
                    place,
                    attribute,
                    "\"" + value + "\": has no effect: " + reason.problem(),
                    reason.cure() + "; to start without this limit, set ratelimit.aop.ineffective=warn",
                    null);
        }
        warn(place, reason);
    }

    private static void warn(String place, IneffectiveReason reason) {
        LOG.warn("@RateLimited on " + place + " has no effect: " + reason.problem() + "; " + reason.cure());
    }

    /** Returns whether an annotated class inherits a final method that its author may be unable to change. */
    private boolean isFinalInUnannotatedParent(Method method, Class<?> type) {
        return Modifier.isFinal(method.getModifiers())
                && !methods.isAnnotatedItself(method, type)
                && methods.isAnnotatedOnlyBelow(method, type);
    }

    /** Returns whether a class inherits a final method that only the container calls. */
    private static boolean isFinalInLibrary(Method method) {
        String name = method.getDeclaringClass().getName();
        return Modifier.isFinal(method.getModifiers())
                && (name.startsWith("org.springframework.") || name.startsWith("java.") || name.startsWith("jakarta."));
    }
}
