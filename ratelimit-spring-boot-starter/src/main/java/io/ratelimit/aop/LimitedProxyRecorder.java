package io.ratelimit.aop;

import java.lang.ref.WeakReference;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.core.Ordered;

/**
 * Records the proxies with limits that Spring's auto-proxying creates. It runs directly behind that, so that the proxy
 * of a bean is still known after another post-processor has put an object of its own around it.
 */
final class LimitedProxyRecorder implements BeanPostProcessor, Ordered {

    private final Map<BeanKey, LimitedProxies> recorded = new ConcurrentHashMap<>();

    /** The proxies of a bean, and the object inside them, which is not kept alive. */
    private record LimitedProxies(ProxyChain chain, WeakReference<Object> target) {}

    @Override
    public Object postProcessAfterInitialization(Object bean, String beanName) {
        ProxyChain chain = ProxyChain.of(bean);
        BeanKey key = BeanKey.of(bean, beanName);
        if (chain.hasAdvisor()) {
            recorded.put(key, new LimitedProxies(chain, new WeakReference<>(ProxyChain.target(bean))));
        } else {
            recorded.remove(key);
        }
        return bean;
    }

    @Override
    public int getOrder() {
        return Ordered.HIGHEST_PRECEDENCE + 1;
    }

    /**
     * Returns the proxies of a bean, including those within an object that a post-processor put around them. A bean
     * that shows the target without these proxies does not call them.
     */
    ProxyChain proxies(Object bean, String beanName) {
        ProxyChain visible = ProxyChain.of(bean);
        LimitedProxies created = recorded.get(BeanKey.of(bean, beanName));
        if (created == null || visible.contains(created.chain())) {
            return visible;
        }
        boolean dropped = created.target().get() == ProxyChain.target(bean);
        return dropped ? visible : visible.around(created.chain());
    }

    /** {@return the object inside the proxies that were recorded for a bean; null if there are none} */
    @Nullable Object target(Object bean, String beanName) {
        LimitedProxies created = recorded.get(BeanKey.of(bean, beanName));
        return created == null ? null : created.target().get();
    }
}
