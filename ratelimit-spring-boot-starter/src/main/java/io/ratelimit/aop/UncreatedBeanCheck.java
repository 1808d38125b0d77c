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
 * <p>The annotations of a class are checked completely, with the proxy that Spring's auto-proxying would create. If
 * only an interface or an abstract class of the bean is known, or the bean comes from a {@code FactoryBean}, the proxy
 * is not known, and only the names and expressions of the annotations are checked.
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
            if (!checked.contains(name) && isUncreated(name)) {
                Class<?> type = type(name);
                if (type != null && methods.mayBeLimited(type) && !AopInfrastructureBean.class.isAssignableFrom(type)) {
                    check(ClassUtils.getUserClass(type), name);
                }
            }
        }
    }

    /** Returns true for a {@code FactoryBean} as well, because it does not tell whether its bean exists. */
    private boolean isUncreated(String name) {
        return beans.isFactoryBean(name)
                || !beans.containsSingleton(name)
                        && !beans.getBeanDefinition(name).isAbstract();
    }

    private @Nullable Class<?> type(String name) {
        try {
            return beans.getType(name, false);
        } catch (BeansException | LinkageError ex) {
            // The bean cannot be created, which is reported when it is needed.
            return null;
        }
    }

    private void check(Class<?> type, String name) {
        if (!Modifier.isAbstract(type.getModifiers()) && !beans.isFactoryBean(name)) {
            check.accept(ProxyChain.predicted(proxyType(type, name), type));
        } else if (type.getTypeParameters().length == 0) {
            Set<Method> limited =
                    MethodIntrospector.selectMethods(type, (Method method) -> methods.isLimited(method, type));
            limited.forEach(method -> methods.find(method, type));
        }
    }

    /** Returns the type of the proxy that Spring's auto-proxying creates for a bean; null if it creates none. */
    private @Nullable Class<?> proxyType(Class<?> type, String name) {
        String creator = AopConfigUtils.AUTO_PROXY_CREATOR_BEAN_NAME;
        if (!beans.containsBean(creator)) {
            return null;
        }
        Class<?> created = beans.getBean(creator, SmartInstantiationAwareBeanPostProcessor.class)
                .determineBeanType(type, name);
        return created == type ? null : created;
    }
}
