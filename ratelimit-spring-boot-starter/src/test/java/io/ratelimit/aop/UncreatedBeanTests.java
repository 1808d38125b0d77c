package io.ratelimit.aop;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.annotation.KeyResolver;
import io.ratelimit.annotation.RateLimited;
import io.ratelimit.annotation.RateLimitedCall;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.beans.factory.FactoryBean;
import org.springframework.boot.LazyInitializationBeanFactoryPostProcessor;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Lazy;
import org.springframework.context.annotation.Scope;
import org.springframework.context.annotation.ScopedProxyMode;
import org.springframework.context.support.SimpleThreadScope;
import org.springframework.core.ResolvableType;
import org.springframework.util.StringUtils;

/** Beans that do not exist when the application has started. */
@ExtendWith(OutputCaptureExtension.class)
class UncreatedBeanTests {

    private static final AtomicInteger CREATED = new AtomicInteger();

    @BeforeEach
    void reset() {
        CREATED.set(0);
    }

    static Stream<Class<?>> mistakes() {
        return Stream.concat(StartupFailureTests.mistakes(), UnreachableMethodTests.shapes())
                .map(arguments -> (Class<?>) arguments.get()[0]);
    }

    @ParameterizedTest
    @MethodSource("mistakes")
    void withLazyInitializationEveryMistakeIsFoundAtTheStartAsWithoutIt(Class<?> bean) {
        LimitedApplication.with(bean)
                .run(eager -> lazily(bean)
                        .run(lazy -> assertThat(LimitedApplication.mistake(lazy))
                                .hasMessage(LimitedApplication.mistake(eager).getMessage())));
    }

    @ParameterizedTest
    @ValueSource(classes = {LazyBean.class, Prototype.class, Scoped.class, ScopedWithProxy.class, ByInterface.class})
    void aLimitThatDoesNotExistStopsTheStart(Class<?> beans) {
        LimitedApplication.with(beans)
                .withInitializer(context -> context.getBeanFactory().registerScope("thread", new SimpleThreadScope()))
                .run(context -> assertThat(LimitedApplication.mistake(context))
                        .hasMessageContaining("\"tenn\": unknown limit"));
        assertThat(CREATED).hasValue(0);
    }

    @Test
    void aLimitThatDoesNotExistStopsTheStartOnTheInterfaceOfAFactoryBean() {
        lazily(ByFactory.class)
                .run(context -> assertThat(LimitedApplication.mistake(context))
                        .hasMessageContaining("Misspelt#call(String)", "\"tenn\": unknown limit"));
    }

    @Test
    void noBeanIsCreatedForTheCheckAndItsMethodsAreListed() {
        lazily(Counted.class).run(context -> {
            assertThat(context).hasNotFailed();
            assertThat(CREATED).hasValue(0);
            assertThat(context.getBean(RateLimitedMethodRegistry.class).usedBy("ten"))
                    .containsExactly(Counted.class.getName() + "#call()");
            context.getBean(Counted.class).call();
            assertThat(CREATED).hasValue(1);
            assertThat(LimitedApplication.taken(context, "ten")).isEqualTo(1);
        });
    }

    @Test
    void anAnnotationWithoutEffectIsWarnedOfOnceAtTheStartAndNotWhenTheBeanIsCreated(CapturedOutput output) {
        lazily(UnreachableMethodTests.FinalMethod.class)
                .withPropertyValues("ineffective=WARN")
                .run(context -> {
                    assertThat(warnings(output)).isEqualTo(1);
                    context.getBean(UnreachableMethodTests.FinalMethod.class);
                    assertThat(warnings(output)).isEqualTo(1);
                });
    }

    @Test
    void aBeanOfAnotherClassThanItsInterfaceIsNoMistake() {
        lazily(Generic.class, OfOwnProxy.class).run(context -> {
            assertThat(context).hasNotFailed();
            Find<Product> find = context.<Find<Product>>getBeanProvider(
                            ResolvableType.forClassWithGenerics(Find.class, Product.class))
                    .getObject();
            find.find(new Product("x"));
            assertThat(LimitedApplication.taken(context, "ten", "x")).isEqualTo(1);
            context.getBean(Ten.class).call();
            assertThat(LimitedApplication.taken(context, "ten")).isEqualTo(1);
        });
    }

    @Test
    void aFallbackThatOnlyTheClassOfABeanHasIsNoMistakeOfItsInterface() {
        lazily(OfClassWithFallback.class).run(context -> {
            assertThat(context).hasNotFailed();
            Answering bean = context.getBean(Answering.class);
            for (int i = 0; i < 10; i++) {
                assertThat(bean.answer("ann")).isEqualTo("found");
            }
            assertThat(bean.answer("ann")).isEqualTo("cached");
        });
    }

    @Test
    void theResolverOfALazyBeanIsNotCreatedForTheCheck() {
        lazily(WithResolver.class, CountedResolver.class).run(context -> {
            assertThat(context).hasNotFailed();
            assertThat(CREATED).hasValue(0);
            context.getBean(WithResolver.class).call();
            assertThat(CREATED).hasValue(1);
            assertThat(LimitedApplication.taken(context, "ten", "resolved")).isEqualTo(1);
        });
    }

    private static ApplicationContextRunner lazily(Class<?>... beans) {
        return LimitedApplication.with(beans)
                .withInitializer(context ->
                        context.addBeanFactoryPostProcessor(new LazyInitializationBeanFactoryPostProcessor()));
    }

    private static int warnings(CapturedOutput output) {
        return StringUtils.countOccurrencesOf(output.toString(), "has no effect");
    }

    static class Counted {

        Counted() {
            CREATED.incrementAndGet();
        }

        @RateLimited("ten")
        public void call() {}
    }

    static class Wrong {

        Wrong() {
            CREATED.incrementAndGet();
        }

        @RateLimited("tenn")
        public void call() {}
    }

    interface Misspelt {

        @RateLimited("tenn")
        void call(String user);
    }

    static final class MisspeltProduct implements Misspelt {

        @Override
        public void call(String user) {}
    }

    interface Answering {

        @RateLimited(limit = "ten", key = "#user", fallback = "cached")
        String answer(String user);
    }

    static class AnsweringFromCache implements Answering {

        @Override
        public String answer(String user) {
            return "found";
        }

        public String cached(String user) {
            return "cached";
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class OfClassWithFallback {

        @Bean
        Answering answering() {
            return new AnsweringFromCache();
        }
    }

    static class CountedResolver implements KeyResolver {

        CountedResolver() {
            CREATED.incrementAndGet();
        }

        @Override
        public String key(RateLimitedCall call) {
            return "resolved";
        }
    }

    static class WithResolver {

        @RateLimited(limit = "ten", keyResolver = CountedResolver.class)
        public void call() {}
    }

    record Product(String name) {}

    interface Find<T> {

        @RateLimited(limit = "ten", key = "#product.name")
        default void find(T product) {}
    }

    @RateLimited("ten")
    interface Ten {

        void call();
    }

    @Configuration(proxyBeanMethods = false)
    static class LazyBean {

        @Bean
        @Lazy
        Wrong wrong() {
            return new Wrong();
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class Prototype {

        @Bean
        @Scope("prototype")
        Wrong wrong() {
            return new Wrong();
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class Scoped {

        @Bean
        @Scope("thread")
        Wrong wrong() {
            return new Wrong();
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class ScopedWithProxy {

        @Bean
        @Scope(scopeName = "thread", proxyMode = ScopedProxyMode.TARGET_CLASS)
        Wrong wrong() {
            return new Wrong();
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class ByInterface {

        @Bean
        @Lazy
        Misspelt misspelt() {
            CREATED.incrementAndGet();
            return new MisspeltProduct();
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class ByFactory {

        @Bean
        FactoryBean<Misspelt> misspelt() {
            return new FactoryBean<>() {

                @Override
                public Misspelt getObject() {
                    return new MisspeltProduct();
                }

                @Override
                public Class<?> getObjectType() {
                    return Misspelt.class;
                }
            };
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class Generic {

        @Bean
        Find<Product> generic() {
            return new Find<>() {
                @Override
                @RateLimited(limit = "ten", key = "#product.name")
                public void find(Product product) {}
            };
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class OfOwnProxy {

        @Bean
        Ten ten() {
            Ten target = () -> {};
            return (Ten) new ProxyFactory(target).getProxy();
        }
    }
}
