package io.ratelimit.aop;

import static io.ratelimit.aop.LateApplication.HERE;
import static io.ratelimit.aop.LateApplication.onEventLoop;
import static io.ratelimit.aop.LateApplication.place;
import static io.ratelimit.aop.LateApplication.store;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.util.concurrent.DefaultEventExecutor;
import io.ratelimit.Charge;
import io.ratelimit.RateLimitExceededException;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.annotation.RateLimited;
import io.reactivex.rxjava3.core.Single;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.reactivestreams.Publisher;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Calls with a late decision continue on the executor of the application, with the context of the caller, and never on
 * the thread of the store.
 */
class LateDecisionTests {

    private static final Duration SOON = Duration.ofSeconds(10);

    private final ApplicationContextRunner runner = LateApplication.with(Service.class);

    /** Every kind of return, from the call to a future of where its body ran. */
    static Stream<Named<Function<Service, CompletableFuture<String>>>> kinds() {
        return Stream.of(
                Named.of("future", service -> service.future()),
                Named.of("stage", service -> service.stage().toCompletableFuture()),
                Named.of("mono", service -> service.mono().toFuture()),
                Named.of("flux", service -> service.flux().next().toFuture()),
                Named.of("publisher", service -> Mono.from(service.publisher()).toFuture()),
                Named.of(
                        "single",
                        service -> service.single().toCompletionStage().toCompletableFuture()));
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void theBodyRunsOnTheApplicationsExecutorWithTheContextOfTheCaller(
            Function<Service, CompletableFuture<String>> kind) {
        runner.run(context -> {
            Service service = context.getBean(Service.class);
            CompletableFuture<String> result = onEventLoop(() -> kind.apply(service));
            assertThat(result).isNotDone();
            assertThat(service.runs()).isZero();
            store(context).reply();
            assertThat(result).succeedsWithin(SOON).isEqualTo(HERE);
        });
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void aRejectionIsAnsweredThereToo(Function<Service, CompletableFuture<String>> kind) {
        runner.run(context -> {
            Service service = context.getBean(Service.class);
            onEventLoop(() -> kind.apply(service));
            store(context).reply();
            CompletableFuture<String> told = new CompletableFuture<>();
            onEventLoop(() -> kind.apply(service).whenComplete((value, failure) -> {
                if (failure instanceof RateLimitExceededException) {
                    told.complete(place());
                }
            }));
            store(context).reply();
            assertThat(told).succeedsWithin(SOON).isEqualTo(HERE);
        });
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void anExecutorThatTakesNothingIsAFailureAndStillNotOnTheStoresThread(
            Function<Service, CompletableFuture<String>> kind) {
        runner.run(context -> {
            context.getBean(ExecutorService.class).shutdown();
            failsElsewhere(context, kind, failure -> failure instanceof RejectedExecutionException);
        });
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void anExecutorThatFailsIsAFailureAndStillNotOnTheStoresThread(Function<Service, CompletableFuture<String>> kind) {
        OutOfMemoryError noThread = new OutOfMemoryError("unable to create native thread");
        ContinuationSettings failing = new ContinuationSettings(
                task -> {
                    throw noThread;
                },
                task -> task);
        with(failing).run(context -> failsElsewhere(context, kind, failure -> failure == noThread));
    }

    /** The call fails on another thread than that of the store, runs nothing and consumes nothing. */
    private static void failsElsewhere(
            ApplicationContext context,
            Function<Service, CompletableFuture<String>> kind,
            Predicate<Throwable> expected)
            throws InterruptedException {
        Service service = context.getBean(Service.class);
        CompletableFuture<String> told = new CompletableFuture<>();
        onEventLoop(() -> kind.apply(service).whenComplete((value, failure) -> {
            if (expected.test(failure)) {
                told.complete(Thread.currentThread().getName());
            }
        }));
        store(context).reply();
        assertThat(told).succeedsWithin(SOON).asString().isNotEqualTo(DelayedStore.THREAD);
        assertThat(service.runs()).isZero();
        await().untilAsserted(() -> assertThat(left(context)).isEqualTo(1));
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void aTaskThatCannotBeMadeIsAFailureAndItsTokensComeBack(Function<Service, CompletableFuture<String>> kind) {
        IllegalStateException noContext = new IllegalStateException("no context");
        ContinuationSettings failing = new ContinuationSettings(Runnable::run, task -> {
            throw noContext;
        });
        with(failing).run(context -> {
            Service service = context.getBean(Service.class);
            CompletableFuture<Throwable> told =
                    onEventLoop(() -> kind.apply(service).handle((value, failure) -> failure));
            assertThat(told).isCompletedWithValue(noContext);
            store(context).reply();
            assertThat(left(context)).isEqualTo(1);
            assertThat(service.runs()).isZero();
        });
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void aTaskThatFailsBeforeItRunsIsAFailureAndItsTokensComeBack(Function<Service, CompletableFuture<String>> kind) {
        IllegalStateException noContext = new IllegalStateException("no context");
        ContinuationSettings failing = new ContinuationSettings(ForkJoinPool.commonPool(), task -> () -> {
            throw noContext;
        });
        with(failing).run(context -> {
            Service service = context.getBean(Service.class);
            CompletableFuture<Throwable> told =
                    onEventLoop(() -> kind.apply(service).handle((value, failure) -> failure));
            store(context).reply();
            assertThat(told).succeedsWithin(SOON).isEqualTo(noContext);
            await().dontCatchUncaughtExceptions()
                    .untilAsserted(() -> assertThat(left(context)).isEqualTo(1));
            assertThat(service.runs()).isZero();
        });
    }

    @Test
    void aTaskThatFailsAfterItRanTakesNothingFromTheCall() {
        ContinuationSettings failing = new ContinuationSettings(Runnable::run, task -> () -> {
            task.run();
            throw new RejectedExecutionException();
        });
        with(failing).run(context -> {
            Service service = context.getBean(Service.class);
            CompletableFuture<String> result = onEventLoop(service::endless);
            store(context).reply();
            ForkJoinPool.commonPool().submit(() -> {}).get();
            assertThat(result).isNotDone();
            assertThat(left(context)).isZero();
        });
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void tokensAreRefundedIfTheCallerIsGoneBeforeTheMethodRuns(Function<Service, CompletableFuture<String>> kind) {
        runner.run(context -> {
            Service service = context.getBean(Service.class);
            ExecutorService executor = context.getBean(ExecutorService.class);
            CountDownLatch busy = new CountDownLatch(1);
            executor.submit(() -> busy.await(10, TimeUnit.SECONDS));
            CompletableFuture<String> result = onEventLoop(() -> kind.apply(service));
            store(context).reply();
            assertThat(left(context)).isZero();
            result.cancel(true);
            busy.countDown();
            drain(executor);
            await().untilAsserted(() -> assertThat(left(context)).isEqualTo(1));
            assertThat(service.runs()).isZero();
        });
    }

    @Test
    void anOrdinaryThreadWaitsForAStageToBeDecidedAndRunsItsBody() {
        runner.run(context -> {
            Service service = context.getBean(Service.class);
            assertThat(service.future().join())
                    .startsWith(Thread.currentThread().getName() + " ");
        });
    }

    @Test
    void anEventLoopOfNettyDoesNotWait() {
        DefaultEventExecutor loop = new DefaultEventExecutor();
        try {
            runner.run(context -> {
                Service service = context.getBean(Service.class);
                CompletableFuture<String> result = loop.submit(service::future).get();
                assertThat(result).isNotDone();
                store(context).reply();
                assertThat(result).succeedsWithin(SOON).asString().startsWith("app-task ");
            });
        } finally {
            loop.shutdownGracefully(0, 0, TimeUnit.SECONDS);
        }
    }

    @Test
    void aStageThatIsCancelledBeforeItsDecisionNeverRuns() {
        runner.run(context -> {
            Service service = context.getBean(Service.class);
            onEventLoop(service::future).cancel(false);
            store(context).reply();
            drain(context.getBean(ExecutorService.class));
            assertThat(service.runs()).isZero();
        });
    }

    @Test
    void aMonoThatIsCancelledBeforeItsDecisionNeverRuns() {
        runner.run(context -> {
            Service service = context.getBean(Service.class);
            Disposable subscription = onEventLoop(() -> service.mono().subscribe());
            subscription.dispose();
            store(context).reply();
            drain(context.getBean(ExecutorService.class));
            assertThat(service.runs()).isZero();
        });
    }

    @Test
    void cancellingAStageThatBeganLaterCancelsTheStageOfTheMethod() {
        runner.run(context -> {
            Service service = context.getBean(Service.class);
            CompletableFuture<String> result = onEventLoop(service::endless);
            store(context).reply();
            drain(context.getBean(ExecutorService.class));
            result.cancel(true);
            assertThat(service.running()).isCancelled();
        });
    }

    @Test
    void aLaterExceptionOfTheMethodFailsTheStage() {
        runner.run(context -> {
            Service service = context.getBean(Service.class);
            CompletableFuture<String> result = onEventLoop(service::throwing);
            CompletableFuture<Throwable> failure = result.handle((value, thrown) -> thrown);
            store(context).reply();
            assertThat(failure).succeedsWithin(SOON).isExactlyInstanceOf(UnsupportedOperationException.class);
        });
    }

    @Test
    void nothingOfTheCallersContextStaysBehind() {
        runner.run(context -> {
            Service service = context.getBean(Service.class);
            CompletableFuture<String> result = onEventLoop(service::future);
            store(context).reply();
            assertThat(result).succeedsWithin(SOON);
            assertThat(context.getBean(ExecutorService.class)
                            .submit(LateApplication::place)
                            .get())
                    .isEqualTo("app-task with null null null");
        });
    }

    private ApplicationContextRunner with(ContinuationSettings settings) {
        return runner.withBean("continuationSettings", ContinuationSettings.class, () -> settings);
    }

    private static double left(ApplicationContext context) {
        return context.getBean(RateLimiterRegistry.class)
                .get("one")
                .peek(Charge.SHARED)
                .remaining();
    }

    private static void drain(ExecutorService executor) throws Exception {
        executor.submit(() -> {}).get();
    }

    static class Service {

        private final AtomicInteger runs = new AtomicInteger();
        private final CompletableFuture<String> running = new CompletableFuture<>();

        public int runs() {
            return runs.get();
        }

        public CompletableFuture<String> running() {
            return running;
        }

        private String here() {
            runs.incrementAndGet();
            return place();
        }

        @RateLimited("one")
        public CompletableFuture<String> future() {
            return CompletableFuture.completedFuture(here());
        }

        @RateLimited("one")
        public CompletionStage<String> stage() {
            return CompletableFuture.completedStage(here());
        }

        @RateLimited("one")
        public CompletableFuture<String> endless() {
            return running;
        }

        @RateLimited("one")
        public CompletableFuture<String> throwing() {
            throw new UnsupportedOperationException();
        }

        @RateLimited("one")
        public Mono<String> mono() {
            return Mono.fromSupplier(this::here);
        }

        @RateLimited("one")
        public Flux<String> flux() {
            return Flux.defer(() -> Flux.just(here()));
        }

        @RateLimited("one")
        public Publisher<String> publisher() {
            return Mono.fromSupplier(this::here);
        }

        @RateLimited("one")
        public Single<String> single() {
            return Single.fromSupplier(this::here);
        }
    }
}
