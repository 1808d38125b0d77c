package io.ratelimit.aop;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.BeanFactoryUtils;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.NoSuchBeanDefinitionException;
import org.springframework.beans.factory.NoUniqueBeanDefinitionException;
import org.springframework.util.function.SingletonSupplier;

/**
 * A reference to the bean of a class that an annotation names.
 *
 * <p>The bean is fetched once, on the first call, so that it may depend on the bean with the annotated method, and may
 * be lazy.
 */
final class ResolverBeanReference<T> implements Supplier<T> {

    private final Class<? extends T> type;
    private final BeanFactory beanFactory;
    private final SingletonSupplier<T> bean;

    /** @param origin the attribute, whose value is the name of the class */
    ResolverBeanReference(AnnotationAttribute origin, Class<? extends T> type, BeanFactory beanFactory) {
        this.type = type;
        this.beanFactory = beanFactory;
        this.bean = SingletonSupplier.of(() -> find(origin, type, beanFactory));
    }

    /** @throws InvalidRateLimitedException if there is no such bean, or more than one */
    @Override
    public T get() {
        return bean.obtain();
    }

    /**
     * Checks that there is such a bean. If there is exactly one, it is not created for it.
     *
     * @throws InvalidRateLimitedException if there is none, or more than one
     */
    void check() {
        boolean isOne = beanFactory instanceof ListableBeanFactory beans
                && BeanFactoryUtils.beanNamesForTypeIncludingAncestors(beans, type, true, false).length == 1;
        if (!isOne) {
            get();
        }
    }

    private static <T> T find(AnnotationAttribute origin, Class<? extends T> type, BeanFactory beanFactory) {
        try {
            return beanFactory.getBean(type);
        } catch (NoUniqueBeanDefinitionException ex) {
            throw origin.invalid(
                    "there are several beans of this class" + names(ex),
                    "mark one of them as @Primary, or name a class that only one has",
                    ex);
        } catch (NoSuchBeanDefinitionException ex) {
            throw origin.invalid(
                    "there is no bean of this class",
                    "annotate the class with @Component, or declare a @Bean of it",
                    ex);
        }
    }

    private static String names(NoUniqueBeanDefinitionException ex) {
        @Nullable Iterable<String> names = ex.getBeanNamesFound();
        return names == null ? "" : ": " + String.join(", ", names);
    }
}
