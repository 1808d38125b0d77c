package io.ratelimit.aop;

import static io.ratelimit.aop.LimitedApplication.taken;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.EmptyKeyException;
import io.ratelimit.Limit;
import io.ratelimit.MemoryStore;
import io.ratelimit.RateLimitExceededException;
import io.ratelimit.RateLimitStore;
import io.ratelimit.RateLimiters;
import io.ratelimit.annotation.RateLimited;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.aopalliance.intercept.MethodInterceptor;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Publisher;
import org.springframework.aop.support.DefaultPointcutAdvisor;
import org.springframework.aop.support.NameMatchMethodPointcut;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Role;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

class AsyncReturnTests {

    private final ApplicationContextRunner runner = LimitedApplication.with(Service.class);

    @Test
    void aRefusedStageFailsInsteadOfThrowing() {
        runner.run(context -> {
            Service service = context.getBean(Service.class);
            assertThat(service.future("ann")).isCompletedWithValue("ann");
            assertThat(service.future("ann"))
                    .isCompletedExceptionally()
                    .failsWithin(java.time.Duration.ZERO)
                    .withThrowableThat()
                    .withCauseInstanceOf(RateLimitExceededException.class);
            assertThat(service.runs()).isEqualTo(1);
        });
    }

    @Test
    void aStageFailsForAnEmptyKeyToo() {
        runner.run(context -> assertThat(context.getBean(Service.class).future(" "))
                .failsWithin(java.time.Duration.ZERO)
                .withThrowableThat()
                .withCauseInstanceOf(EmptyKeyException.class));
    }

    @Test
    void whatTheBodyOfAStageThrowsIsThrown() {
        runner.run(context -> assertThatExceptionOfType(IllegalStateException.class)
                .isThrownBy(() -> context.getBean(Service.class).throwing()));
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
    void aReplyThatComesLaterIsContinuedElsewhereThanOnTheStoresThread() {
        late().run(context -> {
            LateStore store = (LateStore) context.getBean(RateLimiters.class).store();
            CompletableFuture<String> thread =
                    context.getBean(Service.class).thread().toFuture();
            assertThat(store.waiting).hasSize(1);
            assertThat(thread).isNotDone();
            Thread storeThread = new Thread(store::reply, "store-io");
            storeThread.start();
            storeThread.join();
            assertThat(thread)
                    .succeedsWithin(java.time.Duration.ofSeconds(10))
                    .asString()
                    .startsWith("boundedElastic");
        });
    }

    @Test
    void aReplyThatIsThereAtOnceIsContinuedOnTheCallersThread() {
        runner.run(context -> assertThat(context.getBean(Service.class).thread().block())
                .isEqualTo(Thread.currentThread().getName()));
    }

    private static ApplicationContextRunner late() {
        return new ApplicationContextRunner()
                .withConfiguration(AutoConfigurations.of(AopAutoConfiguration.class))
                .withAllowBeanDefinitionOverriding(true)
                .withUserConfiguration(LimitedApplication.Wiring.class, Late.class, Service.class);
    }

    @Configuration(proxyBeanMethods = false)
    static class Late {
        @Bean
        RateLimiters rateLimiters() {
            RateLimiters limiters = new RateLimiters(new LateStore(), List.of());
            for (String name : List.of("one", "ten")) {
                limiters.define(Limit.of(name, "10/h"));
            }
            return limiters;
        }
    }

    /** Replies when told to, on the thread that tells it. */
    private static final class LateStore implements RateLimitStore {

        final Queue<Runnable> waiting = new ConcurrentLinkedQueue<>();
        private final RateLimitStore memory = MemoryStore.create();

        void reply() {
            waiting.forEach(Runnable::run);
        }

        @Override
        public String name() {
            return "late";
        }

        @Override
        public Decision decide(List<Charge> charges) {
            throw new AssertionError("blocking");
        }

        @Override
        public CompletionStage<Decision> decideAsync(List<Charge> charges) {
            CompletableFuture<Decision> reply = new CompletableFuture<>();
            waiting.add(() -> reply.complete(memory.decide(charges)));
            return reply;
        }

        @Override
        public void forget(Limit limit, String key) {}

        @Override
        public void close() {
            memory.close();
        }
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
        public CompletionStage<String> throwing() {
            throw new IllegalStateException();
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
