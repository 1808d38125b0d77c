package io.ratelimit.aop;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.Advisor;
import org.springframework.aop.PointcutAdvisor;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.core.Ordered;
import org.springframework.util.ClassUtils;

/**
 * The advisors of Spring Security's method security in an application, which may be absent.
 *
 * <p>The limits are applied behind them: 100 after the last one. Their annotations create advisors with the orders 100
 * to 600, which an offset shifts, so the order is 700 plus the offset. It is 700 without method security too. Advisors
 * tell their order themselves, so that those of reactive method security and of applications count.
 */
final class MethodSecurityAdvisors {

    private static final int STEP = 100;
    private static final int WITHOUT_SECURITY = 700;
    private static final String PACKAGE = "org.springframework.security.authorization.method.";

    /** The type of all of them. */
    static final String ADVISOR = PACKAGE + "AuthorizationAdvisor";

    /** It authorizes what a method returned, not the call, and no offset shifts it. */
    private static final String OF_RESULTS = PACKAGE + "AuthorizeReturnObjectMethodInterceptor";

    /** It creates advisors that do not show what they delegate to. */
    static final String REACTIVE_CONFIGURATION = "org.springframework.security.config.annotation.method.configuration"
            + ".ReactiveAuthorizationManagerMethodSecurityConfiguration";

    /** Advisors that applications can create. They proceed once for each subscriber. */
    private static final Set<String> REACTIVE = Set.of(
            PACKAGE + "AuthorizationManagerBeforeReactiveMethodInterceptor",
            PACKAGE + "AuthorizationManagerAfterReactiveMethodInterceptor",
            PACKAGE + "PreFilterAuthorizationReactiveMethodInterceptor",
            PACKAGE + "PostFilterAuthorizationReactiveMethodInterceptor");

    private final BeanFactory beanFactory;
    private volatile @Nullable Integer order;

    MethodSecurityAdvisors(BeanFactory beanFactory) {
        this.beanFactory = beanFactory;
    }

    /** {@return the order behind them; it is final once all advisors exist, which is when the first bean is advised} */
    int orderBehind() {
        Integer known = order;
        return known == null ? determineOrder() : known;
    }

    /** {@return whether one of them applies to a method and proceeds once for each subscriber of its result} */
    boolean proceedForEachSubscriber(Method method, Class<?> targetClass) {
        Existing existing = existing();
        return existing.advisors().stream()
                .filter(advisor -> existing.reactive()
                        || REACTIVE.contains(advisor.getClass().getName()))
                .anyMatch(advisor -> advisor.getPointcut().getClassFilter().matches(targetClass)
                        && advisor.getPointcut().getMethodMatcher().matches(method, targetClass));
    }

    private int determineOrder() {
        Existing existing = existing();
        int behind = existing.advisors().stream()
                .filter(advisor -> !advisor.getClass().getName().equals(OF_RESULTS))
                .filter(Ordered.class::isInstance)
                .map(advisor -> ((Ordered) advisor).getOrder())
                .filter(other -> other < Ordered.LOWEST_PRECEDENCE - STEP)
                .max(Integer::compare)
                .map(last -> last + STEP)
                .orElse(WITHOUT_SECURITY);
        if (existing.complete()) {
            order = behind;
        }
        return behind;
    }

    /** Looks up those that are created already, so that none is created too early. */
    private Existing existing() {
        List<PointcutAdvisor> advisors = new ArrayList<>();
        boolean complete = true;
        boolean reactive = false;
        BeanFactory factory = beanFactory;
        while (factory instanceof ConfigurableListableBeanFactory beans) {
            Class<?> configuration = find(REACTIVE_CONFIGURATION, beans.getBeanClassLoader());
            reactive |= configuration != null && beans.getBeanNamesForType(configuration, true, false).length > 0;
            Class<?> type = find(ADVISOR, beans.getBeanClassLoader());
            if (type != null) {
                for (String name : beans.getBeanNamesForType(Advisor.class, true, false)) {
                    Object advisor = beans.containsSingleton(name) ? beans.getSingleton(name) : null;
                    complete &= advisor != null;
                    if (type.isInstance(advisor) && advisor instanceof PointcutAdvisor ofSecurity) {
                        advisors.add(ofSecurity);
                    }
                }
            }
            factory = beans.getParentBeanFactory();
        }
        return new Existing(advisors, complete, reactive);
    }

    private static @Nullable Class<?> find(String type, @Nullable ClassLoader loader) {
        return ClassUtils.isPresent(type, loader) ? ClassUtils.resolveClassName(type, loader) : null;
    }

    /**
     * The advisors that exist.
     *
     * @param complete whether no further advisor will be created
     * @param reactive whether they are those of reactive method security, which never exist beside the others
     */
    private record Existing(List<PointcutAdvisor> advisors, boolean complete, boolean reactive) {}
}
