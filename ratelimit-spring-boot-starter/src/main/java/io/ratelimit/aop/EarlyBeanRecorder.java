package io.ratelimit.aop;

import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;

/**
 * Records the beans that are created before all post-processors are registered, because a post-processor or an advisor
 * needs them. Spring may not create proxies for them.
 */
final class EarlyBeanRecorder implements BeanFactoryPostProcessor {

    private final Set<String> names = ConcurrentHashMap.newKeySet();
    private @Nullable ConfigurableListableBeanFactory beanFactory;
    private volatile boolean isRecording = true;

    @Override
    public void postProcessBeanFactory(ConfigurableListableBeanFactory beans) {
        beanFactory = beans;
        beans.addBeanPostProcessor(new Recording());
    }

    /** Ends the recording, and forgets a bean that all post-processors process. */
    void stopBefore(String beanName) {
        if (isRecording) {
            isRecording = false;
            names.remove(beanName);
        }
    }

    /** {@return the recorded singletons, as they are exposed} */
    List<Object> beans() {
        ConfigurableListableBeanFactory beans = beanFactory;
        return beans == null
                ? List.of()
                : names.stream()
                        .map(beans::getSingleton)
                        .filter(Objects::nonNull)
                        .toList();
    }

    private final class Recording implements BeanPostProcessor {

        @Override
        public Object postProcessAfterInitialization(Object bean, String beanName) {
            if (isRecording) {
                names.add(beanName);
            }
            return bean;
        }
    }
}
