package io.ratelimit.aop;

import static io.ratelimit.aop.LimitedApplication.taken;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.ratelimit.EmptyKeyException;
import io.ratelimit.RateLimitExceededException;
import io.ratelimit.annotation.RateLimited;
import io.reactivex.rxjava3.core.Flowable;
import io.reactivex.rxjava3.core.Single;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.aopalliance.intercept.MethodInterceptor;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Publisher;
import org.springframework.aop.support.DefaultPointcutAdvisor;
import org.springframework.aop.support.NameMatchMethodPointcut;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Role;
import reactor.adapter.JdkFlowAdapter;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

class AsyncReturnTests {

    private final ApplicationContextRunner runner = LimitedApplication.with(Service.class);

    @Test
    void aRejectedStageFailsInsteadOfThrowing() {
        runner.run(context -> {
            Service service = context.getBean(Service.class);
            assertThat(service.future("ann")).isCompletedWithValue("ann");
            assertThat(service.future("ann"))
                    .isCompletedExceptionally()
                    .failsWithin(Duration.ZERO)
                    .withThrowableThat()
                    .withCauseInstanceOf(RateLimitExceededException.class);
            assertThat(service.runs()).isEqualTo(1);
        });
    }

    @Test
    void aStageFailsForAnEmptyKeyToo() {
        runner.run(context -> assertThat(context.getBean(Service.class).future(" "))
                .failsWithin(Duration.ZERO)
                .withThrowableThat()
                .withCauseInstanceOf(EmptyKeyException.class));
    }

    @Test
    void anExceptionOfTheMethodFailsTheStage() {
        runner.run(context -> {
            Service service = context.getBean(Service.class);
            assertThat(service.throwing())
                    .failsWithin(Duration.ZERO)
                    .withThrowableThat()
                    .withCauseInstanceOf(IOException.class);
            assertThat(service.nothing())
                    .failsWithin(Duration.ZERO)
                    .withThrowableThat()
                    .withCauseInstanceOf(IllegalStateException.class)
                    .withMessageContaining("#nothing() returned null");
        });
    }

    @Test
    void aMonoIsDecidedOnEachSubscription() {
        runner.run(context -> {
            Service service = context.getBean(Service.class);
            Mono<String> mono = service.mono("ann");
            assertThat(taken(context, "one", "ann")).isZero();
            assertThat(service.runs()).isZero();
            StepVerifier.create(mono).expectNext("ann").verifyComplete();
            StepVerifier.create(mono).verifyError(RateLimitExceededException.class);
            assertThat(service.runs()).isEqualTo(1);
        });
    }

    @Test
    void aFluxIsDecidedOnEachSubscription() {
        runner.run(context -> {
            Service service = context.getBean(Service.class);
            Flux<String> flux = service.flux("ann");
            assertThat(taken(context, "one", "ann")).isZero();
            StepVerifier.create(flux, 1)
                    .expectNext("ann")
                    .thenRequest(1)
                    .expectNext("ann")
                    .verifyComplete();
            StepVerifier.create(flux).verifyError(RateLimitExceededException.class);
            StepVerifier.create(service.publisher("bob")).expectNext("bob").verifyComplete();
        });
    }

    @Test
    void aTypeThatSpringAdaptsToAFluxIsDecidedOnEachSubscriptionToo() {
        runner.run(context -> {
            Service service = context.getBean(Service.class);
            Single<String> single = service.single("ann");
            assertThat(taken(context, "one", "ann")).isZero();
            single.test().assertValue("ann");
            single.test().assertError(RateLimitExceededException.class);
            Flowable<String> flowable = service.flowable("bob");
            flowable.test().assertValues("bob", "bob");
            flowable.test().assertError(RateLimitExceededException.class);
            StepVerifier.create(JdkFlowAdapter.flowPublisherToFlux(service.jdkFlow("eve")))
                    .expectNext("eve")
                    .verifyComplete();
            StepVerifier.create(JdkFlowAdapter.flowPublisherToFlux(service.jdkFlow("eve")))
                    .verifyError(RateLimitExceededException.class);
        });
    }

    @Test
    void aFutureThatCannotBeContinuedIsAPlainValue() {
        runner.run(context -> {
            Service service = context.getBean(Service.class);
            assertThat(service.plainFuture("ann")).isDone();
            assertThatExceptionOfType(RateLimitExceededException.class).isThrownBy(() -> service.plainFuture("ann"));
        });
    }

    @Test
    void whileSwitchedOffTheResultOfTheMethodIsUnchanged() {
        runner.withPropertyValues("enabled=false").run(context -> {
            Service service = context.getBean(Service.class);
            assertThat(service.nothing()).isNull();
            assertThat(service.mono("")).isExactlyInstanceOf(Mono.just("").getClass());
            assertThat(service.future("").join()).isEmpty();
        });
    }

    @Test
    void anEmptyKeyIsAnErrorSignal() {
        runner.run(context ->
                StepVerifier.create(context.getBean(Service.class).mono("")).verifyError(EmptyKeyException.class));
    }

    @Test
    void aMonoWhoseConditionDoesNotHoldIsSubscribedTo() {
        runner.run(context -> {
            Service service = context.getBean(Service.class);
            StepVerifier.create(service.conditional(false).repeat(2))
                    .expectNextCount(3)
                    .verifyComplete();
            StepVerifier.create(service.conditional(true).repeat(2))
                    .expectNextCount(1)
                    .verifyError();
        });
    }

    @Test
    void innerAdviceRunsOnEachSubscription() {
        runner.withUserConfiguration(Inner.class).run(context -> {
            Mono<String> mono = context.getBean(Service.class).often("ann");
            mono.block();
            mono.block();
            assertThat(context.getBean(Inner.class).seen).hasValue(2);
        });
    }

    @Test
    void theContextOfTheSubscriberReachesTheBody() {
        runner.run(context -> StepVerifier.create(
                        context.getBean(Service.class).contextual().contextWrite(values -> values.put("user", "ann")))
                .expectNext("ann")
                .verifyComplete());
    }

    @Test
    void aReplyThatIsThereAtOnceIsContinuedOnTheCallersThread() {
        runner.run(context -> assertThat(context.getBean(Service.class).thread().block())
                .isEqualTo(Thread.currentThread().getName()));
    }

    @Configuration(proxyBeanMethods = false)
    static class Inner {

        final AtomicInteger seen = new AtomicInteger();

        @Bean
        @Role(BeanDefinition.ROLE_INFRASTRUCTURE)
        DefaultPointcutAdvisor inner() {
            NameMatchMethodPointcut pointcut = new NameMatchMethodPointcut();
            pointcut.addMethodName("often");
            MethodInterceptor advice = invocation -> {
                seen.incrementAndGet();
                return invocation.proceed();
            };
            return new DefaultPointcutAdvisor(pointcut, advice);
        }
    }

    static class Service {

        private final AtomicInteger runs = new AtomicInteger();

        public int runs() {
            return runs.get();
        }

        @RateLimited(limit = "one", key = "#user")
        public CompletableFuture<String> future(String user) {
            runs.incrementAndGet();
            return CompletableFuture.completedFuture(user);
        }

        @RateLimited("ten")
        public CompletionStage<String> throwing() throws IOException {
            throw new IOException();
        }

        @RateLimited("ten")
        public CompletionStage<String> nothing() {
            return null;
        }

        @RateLimited(limit = "one", key = "#user")
        public Mono<String> mono(String user) {
            runs.incrementAndGet();
            return Mono.just(user);
        }

        @RateLimited(limit = "one", key = "#user")
        public Flux<String> flux(String user) {
            return Flux.just(user, user);
        }

        @RateLimited(limit = "one", key = "#user")
        public Publisher<String> publisher(String user) {
            return Mono.just(user);
        }

        @RateLimited(limit = "one", key = "#user")
        public Single<String> single(String user) {
            return Single.just(user);
        }

        @RateLimited(limit = "one", key = "#user")
        public Flowable<String> flowable(String user) {
            return Flowable.just(user, user);
        }

        @RateLimited(limit = "one", key = "#user")
        public Flow.Publisher<String> jdkFlow(String user) {
            return JdkFlowAdapter.publisherToFlowPublisher(Mono.just(user));
        }

        @RateLimited(limit = "one", key = "#user")
        public Future<String> plainFuture(String user) {
            return CompletableFuture.completedFuture(user);
        }

        @RateLimited(limit = "one", condition = "#limited")
        public Mono<String> conditional(boolean limited) {
            return Mono.just("done");
        }

        @RateLimited("ten")
        public Mono<String> often(String user) {
            return Mono.just(user);
        }

        @RateLimited("ten")
        public Mono<String> contextual() {
            return Mono.deferContextual(values -> Mono.just(values.<String>get("user")));
        }

        @RateLimited("ten")
        public Mono<String> thread() {
            return Mono.just(Thread.currentThread().getName());
        }
    }
}
