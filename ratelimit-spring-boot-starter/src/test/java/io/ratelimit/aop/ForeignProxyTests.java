package io.ratelimit.aop;

import static io.ratelimit.aop.LimitedApplication.taken;
import static io.ratelimit.aop.RateLimitAdvisorTests.assertRejected;
import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.annotation.RateLimited;
import java.util.List;
import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.aop.Advisor;
import org.springframework.aop.config.AopConfigUtils;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.aop.framework.ProxyFactoryBean;
import org.springframework.aop.framework.autoproxy.BeanNameAutoProxyCreator;
import org.springframework.aop.target.HotSwappableTargetSource;
import org.springframework.beans.factory.FactoryBean;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Scope;
import org.springframework.context.annotation.ScopedProxyMode;
import org.springframework.core.Ordered;
import org.springframework.core.PriorityOrdered;

/** Proxies of annotated targets that something else than Spring's auto-proxying created. */
class ForeignProxyTests {

    @ParameterizedTest
    @ValueSource(
            classes = {
                HandMade.class,
                HandMadeOfHandMade.class,
                HotSwapped.class,
                ProductOfFactoryBean.class,
                EarlyPostProcessor.class
            })
    void aProxyThatLacksTheAdviceStopsTheStart(Class<?> configuration) {
        LimitedApplication.with(configuration)
                .run(context -> assertThat(LimitedApplication.mistake(context))
                        .hasMessageContaining(Service.class.getName() + "#call(String)")
                        .hasMessageContaining("its proxy was created without the advice that limits calls")
                        .hasMessageContaining("return the object itself, so that Spring creates the proxy")
                        .hasMessageContaining("add the bean rateLimitAdvisor to its advisors"));
    }

    @ParameterizedTest
    @ValueSource(
            classes = {
                WithAdvisor.class,
                FactoryBeanWithAdvisor.class,
                FactoryBeanOfLimitedBean.class,
                AnnotatedInterface.class,
                EarlyPostProcessorOfClass.class,
                Scoped.class,
                SecondAutoProxyCreator.class
            })
    void aProxyThatHasTheAdviceOrSurroundsOneThatHasItIsLimited(Class<?> configuration) {
        LimitedApplication.with(configuration).run(context -> {
            assertThat(context).hasNotFailed();
            Calling bean = (Calling) context.getBean("service");
            bean.call("ann");
            assertRejected(() -> bean.call("ann"));
            assertThat(taken(context, "one", "ann")).isEqualTo(1);
        });
    }

    @Test
    void aProxyThatDoesNotShowItsAdviceStopsTheStart() {
        LimitedApplication.with(Opaque.class)
                .run(context -> assertThat(LimitedApplication.mistake(context))
                        .hasMessageContaining("its proxy is opaque and does not show its advice")
                        .hasMessageContaining("opaque=false"));
    }

    @ParameterizedTest
    @ValueSource(classes = {NeededByPostProcessor.class, ProductNeededByPostProcessor.class})
    void aBeanThatAPostProcessorNeedsAndThatThereforeHasNoProxyStopsTheStart(Class<?> configuration) {
        LimitedApplication.with(configuration)
                .run(context -> assertThat(LimitedApplication.mistake(context))
                        .hasMessageContaining(Service.class.getName() + "#call(String)")
                        .hasMessageContaining("its bean has no proxy")
                        .hasMessageContaining("needs"));
    }

    @Test
    void aBeanThatIsCreatedAfterSpringsAutoProxyingAndBeforeItIsCheckedIsCheckedToo() {
        LimitedApplication.with(MistakenAndNeeded.class)
                .run(context ->
                        assertThat(LimitedApplication.mistake(context)).hasMessageContaining("unknown variable #usr"));
    }

    @Test
    void everyBeanOfAClassIsChecked() {
        LimitedApplication.with(GoodAndBad.class)
                .run(context ->
                        assertThat(LimitedApplication.mistake(context)).hasMessageContaining("Service#call(String)"));
    }

    interface Calling {
        void call(String user);
    }

    static class Service implements Calling {
        @Override
        @RateLimited(limit = "one", key = "#user")
        public void call(String user) {}
    }

    private static final class PassingOn implements MethodInterceptor {
        @Override
        public Object invoke(MethodInvocation invocation) throws Throwable {
            return invocation.proceed();
        }
    }

    private static Calling proxy(Object target) {
        ProxyFactory factory = new ProxyFactory(target);
        factory.addAdvice(new PassingOn());
        return (Calling) factory.getProxy();
    }

    @Configuration(proxyBeanMethods = false)
    static class HandMade {
        @Bean
        Calling service() {
            return proxy(new Service());
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class HandMadeOfHandMade {
        @Bean
        Calling service() {
            return proxy(proxy(new Service()));
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class HotSwapped {
        @Bean
        Calling service() {
            ProxyFactory factory = new ProxyFactory();
            factory.setInterfaces(Calling.class);
            factory.setTargetSource(new HotSwappableTargetSource(new Service()));
            return (Calling) factory.getProxy();
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class ProductOfFactoryBean {
        @Bean
        Object user(Calling service) {
            return List.of(service);
        }

        @Bean
        ProxyFactoryBean service() {
            ProxyFactoryBean factory = new ProxyFactoryBean();
            factory.setTarget(new Service());
            return factory;
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class EarlyPostProcessor {
        @Bean
        Service service() {
            return new Service();
        }

        @Bean
        static WrappingFirst first() {
            return new WrappingFirst();
        }
    }

    /** Wraps beans before Spring's auto-proxying sees them. */
    private static final class WrappingFirst implements BeanPostProcessor, PriorityOrdered {
        @Override
        public Object postProcessAfterInitialization(Object bean, String beanName) {
            return bean instanceof Service ? proxy(bean) : bean;
        }

        @Override
        public int getOrder() {
            return Ordered.HIGHEST_PRECEDENCE;
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class Opaque {
        @Bean
        Service service() {
            return new Service();
        }

        @Bean
        static BeanFactoryPostProcessor opaqueProxies() {
            return factory -> factory.getBeanDefinition(AopConfigUtils.AUTO_PROXY_CREATOR_BEAN_NAME)
                    .getPropertyValues()
                    .add("opaque", true);
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class WithAdvisor {
        @Bean
        Calling service(@Qualifier("rateLimitAdvisor") Advisor limits) {
            ProxyFactory factory = new ProxyFactory(new Service());
            factory.addAdvisor(limits);
            return (Calling) factory.getProxy();
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class FactoryBeanWithAdvisor {
        @Bean
        ProxyFactoryBean service() {
            ProxyFactoryBean factory = new ProxyFactoryBean();
            factory.setTarget(new Service());
            factory.setInterceptorNames("rateLimitAdvisor");
            return factory;
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class FactoryBeanOfLimitedBean {
        @Bean
        Service limited() {
            return new Service();
        }

        @Bean
        ProxyFactoryBean service() throws ClassNotFoundException {
            ProxyFactoryBean factory = new ProxyFactoryBean();
            factory.setTargetName("limited");
            factory.setProxyInterfaces(new Class<?>[] {Calling.class});
            return factory;
        }
    }

    interface LimitedCalling extends Calling {
        @Override
        @RateLimited(limit = "one", key = "#user")
        void call(String user);
    }

    @Configuration(proxyBeanMethods = false)
    static class AnnotatedInterface {
        @Bean
        Calling service() {
            LimitedCalling lambda = user -> {};
            return proxy(lambda);
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class EarlyPostProcessorOfClass {
        @Bean
        Service service() {
            return new Service();
        }

        @Bean
        static WrappingClassFirst first() {
            return new WrappingClassFirst();
        }
    }

    private static final class WrappingClassFirst implements BeanPostProcessor, PriorityOrdered {
        @Override
        public Object postProcessAfterInitialization(Object bean, String beanName) {
            if (!(bean instanceof Service)) {
                return bean;
            }
            ProxyFactory factory = new ProxyFactory(bean);
            factory.setProxyTargetClass(true);
            return factory.getProxy();
        }

        @Override
        public int getOrder() {
            return Ordered.HIGHEST_PRECEDENCE;
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class Scoped {
        @Bean
        @Scope(value = "prototype", proxyMode = ScopedProxyMode.TARGET_CLASS)
        Service service() {
            return new Service();
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class SecondAutoProxyCreator {
        @Bean
        Service service() {
            return new Service();
        }

        @Bean
        static PassingOn passingOn() {
            return new PassingOn();
        }

        @Bean
        static BeanNameAutoProxyCreator second() {
            BeanNameAutoProxyCreator creator = new BeanNameAutoProxyCreator();
            creator.setBeanNames("service");
            creator.setInterceptorNames("passingOn");
            return creator;
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class NeededByPostProcessor {
        @Bean
        Service service() {
            return new Service();
        }

        @Bean
        static WrappingFirst needing(Service service) {
            return new WrappingFirst();
        }
    }

    static class Services implements FactoryBean<Service> {
        @Override
        public Service getObject() {
            return new Service();
        }

        @Override
        public Class<?> getObjectType() {
            return Service.class;
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class ProductNeededByPostProcessor {
        @Bean
        static Services service() {
            return new Services();
        }

        @Bean
        static WrappingFirst needing(Service service) {
            return new WrappingFirst();
        }
    }

    static class Mistaken {
        @RateLimited(limit = "one", key = "#usr")
        public void call(String user) {}
    }

    @Configuration(proxyBeanMethods = false)
    static class MistakenAndNeeded {
        @Bean
        Mistaken mistaken() {
            return new Mistaken();
        }

        @Bean
        static BeanPostProcessor needing(Mistaken mistaken) {
            return new BeanPostProcessor() {};
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class GoodAndBad {
        @Bean
        Service good() {
            return new Service();
        }

        @Bean
        Calling bad() {
            return proxy(new Service());
        }
    }
}
