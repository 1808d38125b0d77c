package io.ratelimit.aop;

import org.springframework.beans.factory.FactoryBean;

/**
 * Identifies a bean that post-processors see. A {@link FactoryBean} and the bean that it creates have the same name.
 *
 * @param name the name of the bean
 * @param isFactory whether the bean is the {@code FactoryBean} itself
 */
record BeanKey(String name, boolean isFactory) {

    static BeanKey of(Object bean, String name) {
        return new BeanKey(name, bean instanceof FactoryBean<?>);
    }
}
