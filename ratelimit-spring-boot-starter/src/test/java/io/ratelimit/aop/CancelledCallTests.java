package io.ratelimit.aop;

import static io.ratelimit.aop.Scenario.isFree;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.ratelimit.Charge;
import io.ratelimit.RateLimitExceededException;
import io.ratelimit.RateLimitStore;
import io.ratelimit.annotation.RateLimited;
import io.ratelimit.memory.InMemoryRateLimitStore;
import io.reactivex.rxjava3.core.Single;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** Callers that leave: the work is cancelled first, and only then can the next call run. */
@Timeout(60)
class CancelledCallTests {

    private static final int PERMITS = 3;

    private final ApplicationContextRunner runner = Scenario.application(
                    Service.class,
                    "ratelimit.limits.ten=10/1h",
                    "ratelimit.limits.single.algorithm=concurrency",
                    "ratelimit.limits.single.max-concurrent=1",
                    "ratelimit.limits.three.algorithm=concurrency",
                    "ratelimit.limits.three.max-concurrent=" + PERMITS)
            .withBean(RateLimitStore.class, () -> InMemoryRateLimitStore.create(() -> 0, 100));

    static Stream<Named<Consumer<Service>>> departures() {
        return Stream.of(
                Named.of(
                        "a subscriber of a mono who cancels",
                        service -> service.mono().subscribe().dispose()),
                Named.of("a timeout of a mono", service -> {
                    Sinks.Empty<Void> late = Sinks.empty();
                    CompletableFuture<String> result =
                            service.mono().timeout(late.asMono()).toFuture();
                    late.tryEmitEmpty();
                    assertThatThrownBy(result::join).hasCauseInstanceOf(TimeoutException.class);
                }),
                Named.of(
                        "the loser of two monos",
                        service -> Mono.firstWithSignal(service.mono(), Mono.just("first"))
                                .block()),
                Named.of(
                        "a mono beside one that fails",
                        service ->
                                catchThrowable(() -> Mono.zip(service.mono(), Mono.error(new IllegalStateException()))
                                        .block())),
                Named.of(
                        "a future of a mono that is cancelled",
                        service -> service.mono().toFuture().cancel(true)),
                Named.of(
                        "a subscriber of a single who disposes of it",
                        service -> service.single().subscribe().dispose()),
                Named.of("a subscriber of a flux who cancels", service -> {
                    Disposable subscriber = service.flux().subscribe();
                    subscriber.dispose();
                }),
                Named.of(
                        "a subscriber of a flux who takes one",
                        service -> service.flux().take(1).blockLast()),
                Named.of(
                        "a subscriber of a flux who wants the next",
                        service -> service.flux().next().block()),
                Named.of(
                        "a subscriber of a flux who fails",
                        service -> catchThrowable(() -> service.flux()
                                .map(value -> {
                                    throw new IllegalStateException();
                                })
                                .blockLast())),
                Named.of(
                        "a flux that another one replaces",
                        service -> Flux.just(true, false)
                                .switchMap(limited -> limited ? service.flux() : Flux.just("other"))
                                .blockLast()),
                Named.of(
                        "a flux whose neighbour in a flat map fails",
                        service -> catchThrowable(() -> Flux.just(true, false)
                                .flatMap(limited -> limited ? service.flux() : Flux.error(new IllegalStateException()))
                                .blockLast())),
                Named.of(
                        "a caller who cancels a future",
                        service -> service.future().cancel(true)),
                Named.of(
                        "a caller who completes a future",
                        service -> service.future().complete("mine")),
                Named.of(
                        "a caller who obtrudes a future",
                        service -> service.future().obtrudeValue("mine")),
                Named.of(
                        "a timeout of a future",
                        service -> catchThrowable(() -> service.future()
                                .orTimeout(1, TimeUnit.MILLISECONDS)
                                .join())),
                Named.of(
                        "a timeout of a future with a value",
                        service -> service.future()
                                .completeOnTimeout("late", 1, TimeUnit.MILLISECONDS)
                                .join()));
    }

    @ParameterizedTest
    @MethodSource("departures")
    void theWorkIsCancelledBeforeTheLeaseIsReleased(Consumer<Service> departure) {
        run((service, registry) -> {
            for (int call = 0; call < 3; call++) {
                CompletableFuture<Boolean> free = new CompletableFuture<>();
                service.whenCancelled(() -> free.complete(isFree(registry)));
                departure.accept(service);
                assertThat(free).succeedsWithin(Duration.ofSeconds(20)).isEqualTo(false);
                assertThat(isFree(registry)).isTrue();
            }
        });
    }

    @ParameterizedTest
    @MethodSource("departures")
    void theLeaseIsReleasedEvenIfTheWorkThrowsWhenItIsCancelled(Consumer<Service> departure) {
        run((service, registry) -> {
            service.whenCancelled(() -> {
                throw new IllegalStateException("on purpose");
            });
            catchThrowable(() -> departure.accept(service));
            assertThat(isFree(registry)).isTrue();
        });
    }

    static Stream<Named<Consumer<Service>>> cancellations() {
        return Stream.of(
                Named.of("mono", service -> service.mono().subscribe().dispose()),
                Named.of("flux", service -> service.flux().subscribe().dispose()),
                Named.of("future", service -> service.future().cancel(true)));
    }

    @ParameterizedTest
    @MethodSource("cancellations")
    void theLeaseIsHeldWhileTheWorkBlocksItsCancellation(Consumer<Service> cancellation) {
        run((service, registry) -> {
            CountDownLatch blocking = new CountDownLatch(1);
            CountDownLatch cleaned = new CountDownLatch(1);
            service.whenCancelled(() -> {
                blocking.countDown();
                awaitUninterruptibly(cleaned);
            });
            CompletableFuture<Void> cancelled = CompletableFuture.runAsync(() -> cancellation.accept(service));
            blocking.await();
            assertThat(isFree(registry)).isFalse();
            cleaned.countDown();
            cancelled.join();
            assertThat(isFree(registry)).isTrue();
        });
    }

    @Test
    void aRefundForACancellationComesAfterTheWorkIsCancelled() {
        run((service, registry) -> {
            List<Double> remaining = new ArrayList<>();
            service.whenCancelled(
                    () -> remaining.add(registry.get("ten").peek("key").remaining()));
            service.refunded().cancel(true);
            assertThat(remaining).containsExactly(9.0);
            assertThat(registry.get("ten").peek("key").remaining()).isEqualTo(10);
        });
    }

    @ParameterizedTest
    @MethodSource("busy")
    void callersThatCancelNeverMakeMoreCallsRunThanThereArePermits(Busy call) throws Exception {
        int callers = 10;
        ExecutorService threads = Executors.newFixedThreadPool(callers);
        try {
            run((service, registry) -> {
                List<Future<?>> all = new ArrayList<>();
                for (int caller = 0; caller < callers; caller++) {
                    Random random = new Random(caller);
                    all.add(threads.submit(() -> {
                        for (int i = 0; i < 2_000; i++) {
                            call.begin(service, random.nextBoolean());
                        }
                    }));
                }
                for (Future<?> caller : all) {
                    caller.get();
                }
                assertThat(service.admitted()).isPositive();
                assertThat(service.mostRunning()).isBetween(1, PERMITS);
                assertThat(registry.get("three").peek(Charge.SHARED).remaining())
                        .isEqualTo(PERMITS);
            });
        } finally {
            threads.shutdownNow();
        }
    }

    interface Busy {

        void begin(Service service, boolean cancels);

        static void requireRejection(Throwable failure) {
            assertThat(failure).isInstanceOf(RateLimitExceededException.class);
        }
    }

    static Stream<Named<Busy>> busy() {
        return Stream.of(
                Named.of("mono", (service, cancels) -> {
                    Sinks.One<String> end = Sinks.one();
                    Disposable subscriber =
                            service.busyMono(end.asMono()).subscribe(value -> {}, Busy::requireRejection);
                    Thread.yield();
                    if (cancels) {
                        subscriber.dispose();
                    } else {
                        end.tryEmitValue("value");
                    }
                }),
                Named.of("flux", (service, cancels) -> {
                    Sinks.One<String> end = Sinks.one();
                    Disposable subscriber =
                            service.busyFlux(end.asMono()).subscribe(value -> {}, Busy::requireRejection);
                    Thread.yield();
                    if (cancels) {
                        subscriber.dispose();
                    } else {
                        end.tryEmitEmpty();
                    }
                }),
                Named.of("future", (service, cancels) -> {
                    CompletableFuture<String> end = new CompletableFuture<>();
                    CompletableFuture<String> result = service.busyFuture(end);
                    Thread.yield();
                    if (cancels) {
                        result.cancel(true);
                    } else {
                        end.complete("value");
                    }
                }));
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException ex) {
            throw new CancellationException();
        }
    }

    private void run(Scenario<Service> scenario) {
        scenario.runIn(runner, Service.class);
    }

    /** Methods whose work tells when it is cancelled. */
    static class Service {

        private final AtomicInteger admitted = new AtomicInteger();
        private final AtomicInteger running = new AtomicInteger();
        private final AtomicInteger most = new AtomicInteger();
        private Runnable cancelled = () -> {};

        void whenCancelled(Runnable handler) {
            cancelled = handler;
        }

        int admitted() {
            return admitted.get();
        }

        int mostRunning() {
            return most.get();
        }

        @RateLimited("single")
        public Mono<String> mono() {
            return Mono.<String>never().doOnCancel(cancelled);
        }

        @RateLimited("single")
        public Single<String> single() {
            return Single.<String>never().doOnDispose(cancelled::run);
        }

        @RateLimited("single")
        public Flux<String> flux() {
            return Flux.concat(Mono.just("first"), Flux.never()).doOnCancel(cancelled);
        }

        @RateLimited("single")
        public CompletableFuture<String> future() {
            return cancellable();
        }

        @RateLimited(limit = "ten", key = "'key'", refundOn = CancellationException.class)
        public CompletableFuture<String> refunded() {
            return cancellable();
        }

        private CompletableFuture<String> cancellable() {
            CompletableFuture<String> work = new CompletableFuture<>();
            Runnable handler = cancelled;
            work.whenComplete((value, failure) -> handler.run());
            return work;
        }

        @RateLimited("three")
        public Mono<String> busyMono(Mono<String> end) {
            return end.doOnSubscribe(subscription -> begin())
                    .doOnSuccess(value -> end())
                    .doOnCancel(this::end);
        }

        @RateLimited("three")
        public Flux<String> busyFlux(Mono<String> end) {
            return end.flux()
                    .doOnSubscribe(subscription -> begin())
                    .doOnComplete(this::end)
                    .doOnCancel(this::end);
        }

        @RateLimited("three")
        public CompletableFuture<String> busyFuture(CompletableFuture<String> end) {
            begin();
            CompletableFuture<String> work = new CompletableFuture<>();
            work.whenComplete((value, failure) -> {
                if (failure != null) {
                    end();
                }
            });
            end.thenAccept(value -> {
                end();
                work.complete(value);
            });
            return work;
        }

        private void begin() {
            admitted.incrementAndGet();
            most.accumulateAndGet(running.incrementAndGet(), Math::max);
        }

        private void end() {
            Thread.yield();
            running.decrementAndGet();
        }
    }
}
