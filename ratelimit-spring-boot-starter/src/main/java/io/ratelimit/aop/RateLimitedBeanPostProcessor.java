package io.ratelimit.aop;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.beans.factory.config.SmartInstantiationAwareBeanPostProcessor;
import org.springframework.util.function.SingletonSupplier;

/**
 * Checks the annotated methods of each bean when it is created, and of beans that are created later by their types, so
 * that mistakes are found at start-up. It has no order, so that it sees the proxies that other post-processors create.
 * Mocks and spies are not checked.
 *
 * <p>It is infrastructure of Spring AOP, because the target of a proxy that fetches its target from a bean factory is
 * no bean that anybody calls.
 */
final class RateLimitedBeanPostProcessor
        implements SmartInstantiationAwareBeanPostProcessor, SmartInitializingSingleton, AopInfrastructureBean {

    private final RateLimitedMethodRegistry methods;
    private final AnnotationEffectCheck check;
    private final UncreatedBeanCheck uncreated;
    private final EarlyBeanRecorder early;
    private final LimitedProxyRecorder proxies;
    private final SingletonSupplier<MockDetector> mocks;
    private final Set<ProxyChain> checked = ConcurrentHashMap.newKeySet();
    private final Set<String> checkedAtStart = ConcurrentHashMap.newKeySet();
    private volatile boolean isStarting = true;
    private final Map<String, Object> exposedEarly = new ConcurrentHashMap<>();

    /**
     * Creates the processor.
     *
     * @param beans tells the types of beans that are not created at start-up, and their class loader
     * @param methods collects the checked methods
     * @param early the beans that are created before this processor is registered, which are checked last
     * @param proxies the proxies with limits, even if another post-processor put an object around them
     * @param settings fetched when the first bean with an annotated method is created
     */
    RateLimitedBeanPostProcessor(
            ConfigurableListableBeanFactory beans,
            RateLimitedMethodRegistry methods,
            EarlyBeanRecorder early,
            LimitedProxyRecorder proxies,
            Supplier<AdviceSettings> settings) {
        this.methods = methods;
        this.early = early;
        this.proxies = proxies;
        this.check = new AnnotationEffectCheck(methods, SingletonSupplier.of(settings));
        this.mocks = SingletonSupplier.of(() -> new MockDetector(beans.getBeanClassLoader()));
        this.uncreated = new UncreatedBeanCheck(beans, methods, this::check);
    }

    @Override
    public Object getEarlyBeanReference(Object bean, String beanName) {
        exposedEarly.put(beanName, bean);
        return bean;
    }

    @Override
    public Object postProcessAfterInitialization(Object bean, String beanName) {
        early.stopBefore(bean, beanName);
        Object reference = exposedEarly.remove(beanName);
        check(reference == null ? bean : reference, beanName);
        return bean;
    }

    @Override
    public void afterSingletonsInstantiated() {
        early.forEach(this::check);
        uncreated.checkAllBut(checkedAtStart);
        isStarting = false;
        checkedAtStart.clear();
        methods.checkLimits();
    }

    private void check(Object bean, String beanName) {
        if (bean instanceof AopInfrastructureBean) {
            return;
        }
        ProxyChain chain = proxies.proxies(bean, beanName);
        if (isStarting && check.concerns(chain)) {
            checkedAtStart.add(beanName);
        }
        if (!checked.contains(chain) && !(check.concerns(chain) && isMock(bean, beanName))) {
            check(chain);
        }
    }

    private void check(ProxyChain chain) {
        if (!checked.contains(chain)) {
            check.check(chain);
            checked.add(chain);
        }
    }

    /** Returns whether a bean is a mock or a spy, also within an object that a post-processor put around its proxy. */
    private boolean isMock(Object bean, String beanName) {
        Object target = proxies.target(bean, beanName);
        MockDetector detector = mocks.obtain();
        return detector.isMock(ProxyChain.target(bean)) || target != null && detector.isMock(target);
    }
}
