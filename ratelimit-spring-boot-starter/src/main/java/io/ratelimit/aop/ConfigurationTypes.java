package io.ratelimit.aop;

import java.lang.reflect.Method;
import org.springframework.beans.factory.FactoryBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.AnnotatedElementUtils;

/**
 * Recognizes the methods and classes that create beans. A limit on them would count how often beans are created, and
 * not how often they are called.
 */
final class ConfigurationTypes {

    private ConfigurationTypes() {}

    /** {@return whether a method creates a bean} */
    static boolean isBeanMethod(Method method) {
        return AnnotatedElementUtils.isAnnotated(method, Bean.class) || isOfFactoryBean(method);
    }

    /** {@return whether a method is the one with which a {@link FactoryBean} creates its bean} */
    static boolean isOfFactoryBean(Method method) {
        return FactoryBean.class.isAssignableFrom(method.getDeclaringClass())
                && method.getName().equals("getObject")
                && method.getParameterCount() == 0;
    }

    /**
     * Returns whether a class exists to create beans. A component that also has {@code @Bean} methods is not one; it is
     * limited except for its {@code @Bean} methods.
     */
    static boolean isConfiguration(Class<?> type) {
        return AnnotatedElementUtils.hasAnnotation(type, Configuration.class)
                || FactoryBean.class.isAssignableFrom(type);
    }
}
