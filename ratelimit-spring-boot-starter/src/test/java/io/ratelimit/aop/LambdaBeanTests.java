package io.ratelimit.aop;

import static io.ratelimit.aop.LimitedApplication.taken;
import static io.ratelimit.aop.RateLimitAdvisorTests.assertRejected;
import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.annotation.RateLimited;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.aop.support.AopUtils;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.cache.annotation.Cacheable;
import org.springframework.cache.annotation.EnableCaching;
import org.springframework.cache.concurrent.ConcurrentMapCacheManager;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.EnableAsync;
import org.springframework.transaction.annotation.EnableTransactionManagement;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.transaction.support.AbstractPlatformTransactionManager;
import org.springframework.transaction.support.DefaultTransactionStatus;

/** Beans that are lambdas of an annotated interface. */
@ExtendWith(OutputCaptureExtension.class)
class LambdaBeanTests {

    @ParameterizedTest
    @ValueSource(strings = {"true", "false"})
    void aLambdaOfAnAnnotatedInterfaceIsLimited(String proxyTargetClass, CapturedOutput output) {
        runner(Plain.class)
                .withPropertyValues("spring.aop.proxy-target-class=" + proxyTargetClass)
                .run(context -> {
                    Search search = context.getBean(Search.class);
                    assertThat(AopUtils.isJdkDynamicProxy(search)).isTrue();
                    assertThat(search.search("ann")).isEqualTo("hits of ann");
                    assertRejected(() -> search.search("ann"));
                    assertThat(search.search("bob")).isEqualTo("hits of bob");
                    assertThat(context.getBean(RateLimitedMethodRegistry.class).usedBy("one"))
                            .containsExactly(Search.class.getName() + "#search(String)");
                });
        assertThat(output).doesNotContain("has no effect");
    }

    @Test
    void aMethodReferenceIsLimited() {
        runner(Reference.class).run(context -> {
            Search search = context.getBean(Search.class);
            search.search("ann");
            assertRejected(() -> search.search("ann"));
        });
    }

    @Test
    void aLambdaWithASecondAdviceIsLimited() {
        runner(Others.class).run(context -> {
            CachedSearch cached = context.getBean(CachedSearch.class);
            cached.search("ann");
            assertRejected(() -> cached.search("ann"));
            TransactionalSearch transactional = context.getBean(TransactionalSearch.class);
            transactional.search("bob");
            assertRejected(() -> transactional.search("bob"));
            AsyncCommand command = context.getBean(AsyncCommand.class);
            command.run("cid").get();
            assertThat(command.run("cid")).failsWithin(java.time.Duration.ofSeconds(10));
            assertThat(taken(context, "one", "cid")).isEqualTo(1);
        });
    }

    @Test
    void aLambdaOfAnInterfaceThatIsAnnotatedAsAWholeIsLimited() {
        runner(OfType.class).run(context -> {
            context.getBean(LimitedType.class).call();
            assertRejected(() -> context.getBean(LimitedType.class).call());
        });
    }

    @Test
    void aLambdaOfAGenericInterfaceIsLimited() {
        runner(OfGeneric.class).run(context -> {
            Texts texts = context.getBean(Texts.class);
            texts.apply("ann");
            assertRejected(() -> texts.apply("ann"));
            assertThat(texts.apply("bob")).isEqualTo("bob");
        });
    }

    private static ApplicationContextRunner runner(Class<?> configuration) {
        return LimitedApplication.with(configuration);
    }

    @FunctionalInterface
    interface Search {
        @RateLimited(limit = "one", key = "#user")
        String search(String user);
    }

    @Configuration(proxyBeanMethods = false)
    static class Plain {
        @Bean
        Search search() {
            return user -> "hits of " + user;
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class Reference {
        @Bean
        Search search() {
            return String::trim;
        }
    }

    interface CachedSearch {
        @Cacheable("hits")
        @RateLimited(limit = "one", key = "#user")
        String search(String user);
    }

    interface TransactionalSearch {
        @Transactional
        @RateLimited(limit = "one", key = "#user")
        String search(String user);
    }

    interface AsyncCommand {
        @Async
        @RateLimited(limit = "one", key = "#user")
        java.util.concurrent.CompletableFuture<String> run(String user);
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAsync
    @EnableCaching
    @EnableTransactionManagement
    static class Others {

        @Bean
        CachedSearch cached() {
            return user -> "hits of " + user;
        }

        @Bean
        TransactionalSearch transactional() {
            return user -> "hits of " + user;
        }

        @Bean
        AsyncCommand command() {
            return java.util.concurrent.CompletableFuture::completedFuture;
        }

        @Bean
        ConcurrentMapCacheManager cacheManager() {
            return new ConcurrentMapCacheManager();
        }

        @Bean
        NoTransactions transactionManager() {
            return new NoTransactions();
        }
    }

    @RateLimited("one")
    interface LimitedType {
        void call();
    }

    @Configuration(proxyBeanMethods = false)
    static class OfType {
        @Bean
        LimitedType limitedType() {
            return () -> {};
        }
    }

    interface Transforming<T> {
        @RateLimited(limit = "one", key = "#value")
        T apply(T value);
    }

    interface Texts extends Transforming<String> {}

    @Configuration(proxyBeanMethods = false)
    static class OfGeneric {
        @Bean
        Texts texts() {
            return value -> value;
        }
    }

    private static final class NoTransactions extends AbstractPlatformTransactionManager {

        private static final long serialVersionUID = 1L;

        @Override
        protected Object doGetTransaction() {
            return this;
        }

        @Override
        protected void doBegin(Object transaction, org.springframework.transaction.TransactionDefinition definition) {}

        @Override
        protected void doCommit(DefaultTransactionStatus status) {}

        @Override
        protected void doRollback(DefaultTransactionStatus status) {}
    }
}
