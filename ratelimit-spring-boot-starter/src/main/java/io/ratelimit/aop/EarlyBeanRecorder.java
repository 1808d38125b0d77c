package io.ratelimit.aop;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.FactoryBean;
import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;

/**
 * Records the beans that are created before all post-processors are registered, because a post-processor or an advisor
 * needs them. Spring may not create proxies for them.
 */
final class EarlyBeanRecorder implements BeanFactoryPostProcessor {

    private final Set<BeanKey> keys = ConcurrentHashMap.newKeySet();
    private @Nullable ConfigurableListableBeanFactory beanFactory;
    private volatile boolean isRecording = true;

    @Override
    public void postProcessBeanFactory(ConfigurableListableBeanFactory beans) {
        beanFactory = beans;
        beans.addBeanPostProcessor(new Recording());
    }

    /** Ends the recording, and forgets a bean that all post-processors process. */
    void stopBefore(Object bean, String beanName) {
        if (isRecording) {
            isRecording = false;
            keys.remove(BeanKey.of(bean, beanName));
        }
    }

    /** Passes on the recorded singletons, as they are exposed, with their names. */
    void forEach(BiConsumer<Object, String> action) {
        ConfigurableListableBeanFactory beans = beanFactory;
        if (beans == null) {
            return;
        }
        for (BeanKey key : keys) {
            Object bean = exposed(key, beans);
            if (bean != null) {
                action.accept(bean, key.name());
            }
        }
    }

    /** Returns a singleton; null for a bean of another scope, of which there would be another one. */
    private static @Nullable Object exposed(BeanKey key, ConfigurableListableBeanFactory beans) {
        Object singleton = beans.getSingleton(key.name());
        if (key.isFactory() || !(singleton instanceof FactoryBean<?> factory)) {
            return singleton;
        }
        return factory.isSingleton() ? beans.getBean(key.name()) : null;
    }

    private final class Recording implements BeanPostProcessor {

        @Override
        public Object postProcessAfterInitialization(Object bean, String beanName) {
            if (isRecording) {
                keys.add(BeanKey.of(bean, beanName));
            }
            return bean;
        }
    }
}
