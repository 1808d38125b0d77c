package io.ratelimit.aop;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.core.Ordered;

/**
 * Records the proxies with limits that Spring's auto-proxying creates. It runs directly behind that, so that the proxy
 * of a bean is still known after another post-processor has put an object of its own around it.
 */
final class LimitedProxyRecorder implements BeanPostProcessor, Ordered {

    private final Map<BeanKey, ProxyChain> recorded = new ConcurrentHashMap<>();

    @Override
    public Object postProcessAfterInitialization(Object bean, String beanName) {
        ProxyChain chain = ProxyChain.of(bean);
        BeanKey key = BeanKey.of(bean, beanName);
        if (chain.hasAdvisor()) {
            recorded.put(key, chain);
        } else {
            recorded.remove(key);
        }
        return bean;
    }

    @Override
    public int getOrder() {
        return Ordered.HIGHEST_PRECEDENCE + 1;
    }

    /** {@return the proxies of a bean, including those within an object that a post-processor put around them} */
    ProxyChain proxies(Object bean, String beanName) {
        ProxyChain visible = ProxyChain.of(bean);
        ProxyChain created = recorded.get(BeanKey.of(bean, beanName));
        return created == null || visible.contains(created) ? visible : visible.around(created);
    }
}
