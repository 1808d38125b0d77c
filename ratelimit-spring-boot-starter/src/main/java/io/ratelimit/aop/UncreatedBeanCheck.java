package io.ratelimit.aop;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.config.AopConfigUtils;
import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.BeansException;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.beans.factory.config.SmartInstantiationAwareBeanPostProcessor;
import org.springframework.core.MethodIntrospector;
import org.springframework.util.ClassUtils;

/**
 * Checks the annotations of beans that are not created at start-up by their types: lazy beans, prototypes, beans of
 * other scopes, and what a {@code FactoryBean} creates later. No bean is created for it.
 *
 * <p>The annotations of a class are checked completely, with the proxy that Spring's auto-proxying would create. Only
 * the limits that they name are checked if there is no auto-proxying, if only an interface or an abstract class of the
 * bean is known, or if the bean comes from a {@code FactoryBean}.
 */
final class UncreatedBeanCheck {

    private final ConfigurableListableBeanFactory beans;
    private final RateLimitedMethodRegistry methods;
    private final Consumer<ProxyChain> check;

    /**
     * Creates the check.
     *
     * @param beans the beans
     * @param methods collects the checked methods
     * @param check checks the methods of a class, with the proxies that a bean of the class will have
     */
    UncreatedBeanCheck(
            ConfigurableListableBeanFactory beans, RateLimitedMethodRegistry methods, Consumer<ProxyChain> check) {
        this.beans = beans;
        this.methods = methods;
        this.check = check;
    }

    /**
     * Checks all beans that do not exist yet.
     *
     * @param checked the names of beans that were checked when they were created
     */
    void checkAllBut(Set<String> checked) {
        for (String name : beans.getBeanDefinitionNames()) {
            Class<?> type = checked.contains(name) ? null : uncreatedType(name);
            if (type != null && methods.mayBeLimited(type) && !AopInfrastructureBean.class.isAssignableFrom(type)) {
                check(ClassUtils.getUserClass(type), name);
            }
        }
    }

    /** Returns true for a {@code FactoryBean} as well, because it does not tell whether its bean exists. */
    private boolean isUncreated(String name) {
        return beans.isFactoryBean(name)
                || !beans.containsSingleton(name)
                        && !beans.getBeanDefinition(name).isAbstract();
    }

    private @Nullable Class<?> uncreatedType(String name) {
        try {
            return isUncreated(name) ? beans.getType(name, false) : null;
        } catch (BeansException | LinkageError ex) {
            // The bean cannot be created, which is reported when it is needed.
            return null;
        }
    }

    private void check(Class<?> type, String name) {
        boolean isProxied = beans.containsBean(AopConfigUtils.AUTO_PROXY_CREATOR_BEAN_NAME);
        if (isProxied && !Modifier.isAbstract(type.getModifiers()) && !beans.isFactoryBean(name)) {
            check.accept(ProxyChain.predicted(proxyType(type, name), type));
        } else if (type.getTypeParameters().length == 0) {
            Set<Method> limited =
                    MethodIntrospector.selectMethods(type, (Method method) -> methods.isLimited(method, type));
            limited.forEach(method -> methods.readOfSupertype(method, type));
        }
    }

    /** Returns the type of the proxy that Spring's auto-proxying creates for a bean; null if it creates none. */
    private @Nullable Class<?> proxyType(Class<?> type, String name) {
        Class<?> created = beans.getBean(
                        AopConfigUtils.AUTO_PROXY_CREATOR_BEAN_NAME, SmartInstantiationAwareBeanPostProcessor.class)
                .determineBeanType(type, name);
        return created == type ? null : created;
    }
}
