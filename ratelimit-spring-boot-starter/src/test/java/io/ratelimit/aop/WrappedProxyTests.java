package io.ratelimit.aop;

import static io.ratelimit.aop.LimitedApplication.taken;
import static io.ratelimit.aop.RateLimitAdvisorTests.assertRejected;
import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.Mockito.spy;

import io.ratelimit.annotation.RateLimited;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.aop.framework.AopProxyUtils;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.beans.factory.FactoryBean;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Scope;
import org.springframework.core.Ordered;

/** Post-processors that put another object around a limited proxy, which then is the bean. */
class WrappedProxyTests {

    @ParameterizedTest
    @ValueSource(
            classes = {
                InAnotherClass.class,
                InARecord.class,
                InADynamicProxy.class,
                InAProxyOfAnotherClass.class,
                Product.class
            })
    void aWrapperOfALimitedProxyIsNoMistake(Class<?> configuration) {
        LimitedApplication.with(configuration).run(context -> {
            assertThat(context).hasNotFailed();
            Calling<String> bean = service(context);
            bean.call("ann");
            assertRejected(() -> bean.call("ann"));
            assertThat(taken(context, "one", "ann")).isEqualTo(1);
        });
    }

    @Test
    void everyInstanceOfAWrappedPrototypeIsLimited() {
        LimitedApplication.with(Prototypes.class).run(context -> {
            service(context).call("ann");
            assertRejected(() -> service(context).call("ann"));
        });
    }

    @Test
    void aMethodThatTheWrapperAddsStopsTheStart() {
        LimitedApplication.with(WithOneMethodMore.class)
                .run(context -> assertThat(LimitedApplication.mistake(context))
                        .hasMessageContaining(Adding.class.getName() + "#more()")
                        .hasMessageContaining("a post-processor put the object around the proxy of the bean")
                        .hasMessageContaining("annotate the methods of the bean"));
    }

    @Test
    void aLimitOfTheWrapperThatTheBeanDoesNotHaveStopsTheStart() {
        LimitedApplication.with(WithAnotherLimit.class)
                .run(context -> assertThat(LimitedApplication.mistake(context))
                        .hasMessageContaining(Limiting.class.getName() + "#call(String)")
                        .hasMessageContaining("a post-processor put the object around the proxy of the bean"));
    }

    @Test
    void aLimitOfTheBeanInThePlaceOfThatOfASharedInterfaceIsNoMistake() {
        LimitedApplication.with(AroundOwnLimit.class).run(context -> {
            assertThat(context).hasNotFailed();
            service(context).call("ann");
            assertThat(taken(context, "ten")).isEqualTo(1);
        });
    }

    @Test
    void aMethodOfTheBeanThatItsProxyCannotAdviseStopsTheStart() {
        LimitedApplication.with(AroundFinalMethod.class)
                .run(context -> assertThat(LimitedApplication.mistake(context))
                        .hasMessageContaining("#call(String)")
                        .hasMessageContaining("the method is final"));
    }

    @Test
    void aPostProcessorThatReplacesALimitedProxyByItsTargetStopsTheStart() {
        LimitedApplication.with(WithoutItsProxy.class)
                .run(context -> assertThat(LimitedApplication.mistake(context))
                        .hasMessageContaining(Service.class.getName() + "#call(String)")
                        .hasMessageContaining("its bean has no proxy"));
    }

    @Test
    void aPostProcessorThatReplacesALimitedProxyByOneOfItsOwnStopsTheStart() {
        LimitedApplication.with(InAProxyOfTheTarget.class)
                .run(context -> assertThat(LimitedApplication.mistake(context))
                        .hasMessageContaining(Service.class.getName() + "#call(String)")
                        .hasMessageContaining("its proxy was created without the advice that limits calls"));
    }

    @Test
    void aSpyWhoseProxyIsWrappedIsNotChecked() {
        LimitedApplication.with(AroundSpy.class)
                .run(context -> assertThat(context).hasNotFailed());
    }

    @SuppressWarnings("unchecked")
    private static Calling<String> service(AssertableApplicationContext context) {
        return (Calling<String>) context.getBean("service");
    }

    interface Calling<T> {
        @RateLimited(limit = "one", key = "#user")
        void call(T user);
    }

    static class Service implements Calling<String> {
        @Override
        public void call(String user) {}
    }

    static class FinalMethod implements Calling<String> {
        @Override
        public final void call(String user) {}
    }

    static class Wrapper implements Calling<String> {

        private final Calling<String> wrapped;

        Wrapper(Calling<String> wrapped) {
            this.wrapped = wrapped;
        }

        @Override
        public void call(String user) {
            wrapped.call(user);
        }
    }

    record RecordWrapper<T>(Calling<T> wrapped) implements Calling<T> {
        @Override
        public void call(T user) {
            wrapped.call(user);
        }
    }

    static class Limiting extends Wrapper {

        Limiting(Calling<String> wrapped) {
            super(wrapped);
        }

        @Override
        @RateLimited("ten")
        public void call(String user) {
            super.call(user);
        }
    }

    static class OwnLimit implements Calling<String> {
        @Override
        @RateLimited("ten")
        public void call(String user) {}
    }

    static class UnknownLimit implements Calling<String> {
        @Override
        @RateLimited("missing")
        public void call(String user) {}
    }

    static class Adding extends Wrapper {

        Adding(Calling<String> wrapped) {
            super(wrapped);
        }

        @RateLimited("ten")
        public void more() {}
    }

    @SuppressWarnings("unchecked")
    private static Calling<String> dynamicProxy(Calling<String> wrapped) {
        return (Calling<String>) Proxy.newProxyInstance(
                Calling.class.getClassLoader(), new Class<?>[] {Calling.class}, (self, method, arguments) -> {
                    try {
                        return method.invoke(wrapped, arguments);
                    } catch (InvocationTargetException ex) {
                        throw ex.getCause();
                    }
                });
    }

    @SuppressWarnings("unchecked")
    private static Calling<String> springProxy(Calling<String> target) {
        return (Calling<String>) new ProxyFactory(target).getProxy();
    }

    @SuppressWarnings("unchecked")
    private static Calling<String> target(Calling<String> proxy) {
        return (Calling<String>) Objects.requireNonNull(AopProxyUtils.getSingletonTarget(proxy));
    }

    /** Runs behind Spring's auto-proxying, and before the beans are checked, because it is ordered. */
    private record Wrapping(UnaryOperator<Calling<String>> wrapper) implements BeanPostProcessor, Ordered {

        @Override
        @SuppressWarnings("unchecked")
        public Object postProcessAfterInitialization(Object bean, String beanName) {
            return bean instanceof Calling<?> calling ? wrapper.apply((Calling<String>) calling) : bean;
        }

        @Override
        public int getOrder() {
            return LOWEST_PRECEDENCE;
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class Services {
        @Bean
        Service service() {
            return new Service();
        }
    }

    @Configuration(proxyBeanMethods = false)
    @Import(Services.class)
    static class InAnotherClass {
        @Bean
        static Wrapping wrapping() {
            return new Wrapping(Wrapper::new);
        }
    }

    @Configuration(proxyBeanMethods = false)
    @Import(Services.class)
    static class InARecord {
        @Bean
        static Wrapping wrapping() {
            return new Wrapping(RecordWrapper::new);
        }
    }

    @Configuration(proxyBeanMethods = false)
    @Import(Services.class)
    static class InADynamicProxy {
        @Bean
        static Wrapping wrapping() {
            return new Wrapping(WrappedProxyTests::dynamicProxy);
        }
    }

    @Configuration(proxyBeanMethods = false)
    @Import(Services.class)
    static class InAProxyOfAnotherClass {
        @Bean
        static Wrapping wrapping() {
            return new Wrapping(service -> springProxy(new Wrapper(service)));
        }
    }

    @Configuration(proxyBeanMethods = false)
    @Import(Services.class)
    static class WithoutItsProxy {
        @Bean
        static Wrapping wrapping() {
            return new Wrapping(WrappedProxyTests::target);
        }
    }

    @Configuration(proxyBeanMethods = false)
    @Import(Services.class)
    static class InAProxyOfTheTarget {
        @Bean
        static Wrapping wrapping() {
            return new Wrapping(service -> springProxy(target(service)));
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class Product {
        @Bean
        static FactoryBean<Calling<String>> service() {
            return new FactoryBean<>() {
                @Override
                public Calling<String> getObject() {
                    return new Service();
                }

                @Override
                public Class<?> getObjectType() {
                    return Calling.class;
                }
            };
        }

        @Bean
        static Wrapping wrapping() {
            return new Wrapping(Wrapper::new);
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class Prototypes {
        @Bean
        @Scope("prototype")
        Service service() {
            return new Service();
        }

        @Bean
        static Wrapping wrapping() {
            return new Wrapping(Wrapper::new);
        }
    }

    @Configuration(proxyBeanMethods = false)
    @Import(Services.class)
    static class WithOneMethodMore {
        @Bean
        static Wrapping wrapping() {
            return new Wrapping(Adding::new);
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class AroundFinalMethod {
        @Bean
        FinalMethod service() {
            return new FinalMethod();
        }

        @Bean
        static Wrapping wrapping() {
            return new Wrapping(Wrapper::new);
        }
    }

    @Configuration(proxyBeanMethods = false)
    @Import(Services.class)
    static class WithAnotherLimit {
        @Bean
        static Wrapping wrapping() {
            return new Wrapping(Limiting::new);
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class AroundOwnLimit {
        @Bean
        OwnLimit service() {
            return new OwnLimit();
        }

        @Bean
        static Wrapping wrapping() {
            return new Wrapping(Wrapper::new);
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class AroundSpy {
        @Bean
        UnknownLimit service() {
            return spy(new UnknownLimit());
        }

        @Bean
        static Wrapping wrapping() {
            return new Wrapping(Wrapper::new);
        }
    }
}
