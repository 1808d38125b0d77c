package io.ratelimit.aop;

import static io.ratelimit.aop.LimitedApplication.taken;
import static io.ratelimit.aop.RateLimitAdvisorTests.assertRejected;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.ratelimit.RateLimitExceededException;
import io.ratelimit.annotation.RateLimited;
import jakarta.validation.ConstraintViolationException;
import jakarta.validation.constraints.NotBlank;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.cache.CacheManager;
import org.springframework.cache.annotation.Cacheable;
import org.springframework.cache.annotation.EnableCaching;
import org.springframework.cache.concurrent.ConcurrentMapCacheManager;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.core.task.TaskExecutor;
import org.springframework.resilience.InvocationRejectedException;
import org.springframework.resilience.annotation.ConcurrencyLimit;
import org.springframework.resilience.annotation.EnableResilientMethods;
import org.springframework.resilience.annotation.Retryable;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.EnableAsync;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.annotation.EnableTransactionManagement;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.transaction.support.AbstractPlatformTransactionManager;
import org.springframework.transaction.support.DefaultTransactionStatus;
import org.springframework.validation.annotation.Validated;
import org.springframework.validation.beanvalidation.MethodValidationPostProcessor;

/**
 * The order of the advice among that of Spring: within advice that repeats or dispatches a call, outside of advice that
 * serves it.
 */
class OtherAdviceTests {

    private final ApplicationContextRunner runner = LimitedApplication.with(Others.class, Service.class);

    @Test
    void eachRetryAsksTheLimitAgain() {
        runner.run(context -> {
            Service service = context.getBean(Service.class);
            assertThatExceptionOfType(RateLimitExceededException.class).isThrownBy(service::failing);
            assertThat(service.runs()).isEqualTo(3);
            assertThat(taken(context, "default")).isEqualTo(3);
        });
    }

    @Test
    void retriesThatEndInTimeAreChargedForEachAttempt() {
        runner.run(context -> {
            Service service = context.getBean(Service.class);
            assertThatIllegalStateException().isThrownBy(service::failingTwice);
            assertThat(service.runs()).isEqualTo(2);
            assertThat(taken(context, "ten")).isEqualTo(2);
        });
    }

    @Test
    void anAsynchronousCallIsLimitedOnTheThreadThatRunsIt() {
        runner.run(context -> {
            String thread = context.getBean(Service.class).thread().get();
            assertThat(thread).startsWith("background-");
            assertThat(taken(context, "one", thread)).isEqualTo(1);
        });
    }

    @Test
    void aRejectedAsynchronousCallIsAFailedFuture() {
        runner.run(context -> {
            Service service = context.getBean(Service.class);
            assertThat(service.asynchronous().get()).isEqualTo("found");
            Future<String> rejected = service.asynchronous();
            assertThat(rejected)
                    .failsWithin(Duration.ofSeconds(10))
                    .withThrowableOfType(ExecutionException.class)
                    .withCauseInstanceOf(RateLimitExceededException.class);
            assertThat(service.runs()).isEqualTo(1);
        });
    }

    @Test
    void aCallThatTheConcurrencyLimitRejectsIsNotCharged() {
        runner.run(context -> {
            Service service = context.getBean(Service.class);
            service.alone(() -> assertThatExceptionOfType(InvocationRejectedException.class)
                    .isThrownBy(() -> service.alone(() -> {})));
            assertThat(service.runs()).isEqualTo(1);
            assertThat(taken(context, "ten")).isEqualTo(1);
        });
    }

    @Test
    void aCallThatTheCacheServesIsChargedToo() {
        runner.run(context -> {
            Service service = context.getBean(Service.class);
            for (int call = 0; call < 3; call++) {
                assertThat(service.cached("word")).isEqualTo("hits of word");
            }
            assertThat(service.runs()).isEqualTo(1);
            assertThat(taken(context, "default")).isEqualTo(3);
            assertRejected(() -> service.cached("word"));
            assertRejected(() -> service.cached("other"));
            assertThat(context.getBean(CacheManager.class).getCache("hits").get("other"))
                    .isNull();
        });
    }

    @Test
    void aCallWithAnInvalidArgumentIsCharged() {
        runner.run(context -> {
            Service service = context.getBean(Service.class);
            assertThatExceptionOfType(ConstraintViolationException.class).isThrownBy(() -> service.validated(""));
            assertThat(taken(context, "other")).isEqualTo(1);
            service.validated("word");
            assertThat(taken(context, "other")).isEqualTo(2);
        });
    }

    @Test
    void aRejectedCallOpensNoTransaction() {
        runner.run(context -> {
            Service service = context.getBean(Service.class);
            service.transactional();
            assertRejected(service::transactional);
            assertThat(context.getBean(Transactions.class).begun).isEqualTo(1);
        });
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAsync
    @EnableCaching
    @EnableResilientMethods
    @EnableTransactionManagement
    static class Others {

        @Bean
        TaskExecutor taskExecutor() {
            return new SimpleAsyncTaskExecutor("background-");
        }

        @Bean
        ConcurrentMapCacheManager cacheManager() {
            return new ConcurrentMapCacheManager();
        }

        @Bean
        static MethodValidationPostProcessor validation() {
            return new MethodValidationPostProcessor();
        }

        @Bean
        Transactions transactionManager() {
            return new Transactions();
        }
    }

    @Validated
    static class Service {

        private final AtomicInteger runs = new AtomicInteger();

        public int runs() {
            return runs.get();
        }

        @Retryable(maxRetries = 9, delay = 0)
        @RateLimited
        public void failing() {
            runs.incrementAndGet();
            throw new IllegalStateException();
        }

        @Retryable(maxRetries = 1, delay = 0)
        @RateLimited("ten")
        public void failingTwice() {
            runs.incrementAndGet();
            throw new IllegalStateException();
        }

        @Async
        @RateLimited(limit = "one", key = "T(Thread).currentThread().name")
        public CompletableFuture<String> thread() {
            return CompletableFuture.completedFuture(Thread.currentThread().getName());
        }

        @Async
        @RateLimited("one")
        public CompletableFuture<String> asynchronous() {
            runs.incrementAndGet();
            return CompletableFuture.completedFuture("found");
        }

        @ConcurrencyLimit(limit = 1, policy = ConcurrencyLimit.ThrottlePolicy.REJECT)
        @RateLimited("ten")
        public void alone(Runnable meanwhile) {
            runs.incrementAndGet();
            meanwhile.run();
        }

        @Cacheable("hits")
        @RateLimited
        public String cached(String query) {
            runs.incrementAndGet();
            return "hits of " + query;
        }

        @RateLimited("other")
        public void validated(@NotBlank String word) {}

        @Transactional
        @RateLimited("one")
        public void transactional() {}
    }

    private static final class Transactions extends AbstractPlatformTransactionManager {

        private static final long serialVersionUID = 1L;

        private int begun;

        @Override
        protected Object doGetTransaction() {
            return this;
        }

        @Override
        protected void doBegin(Object transaction, TransactionDefinition definition) {
            begun++;
        }

        @Override
        protected void doCommit(DefaultTransactionStatus status) {}

        @Override
        protected void doRollback(DefaultTransactionStatus status) {}
    }
}
