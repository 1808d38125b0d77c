package io.ratelimit.aop;

import static io.ratelimit.aop.Scenario.isFree;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.Limit;
import io.ratelimit.RateLimitExceededException;
import io.ratelimit.RateLimitStore;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.annotation.RateLimited;
import io.ratelimit.memory.InMemoryRateLimitStore;
import io.reactivex.rxjava3.core.Single;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscription;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import reactor.core.Disposable;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** Methods with one call at a time: a call ends with its result, whatever that is, and then the next one may run. */
@Timeout(60)
class LeasedMethodTests {

    private static final IllegalStateException BROKEN = new IllegalStateException("broken");

    private final ApplicationContextRunner runner = LimitedApplication.with(Service.class);

    /** Starts a call, which ends when the returned task is run. */
    interface Ending {

        Runnable begin(Service service);
    }

    static Stream<Named<Ending>> endings() {
        return Stream.of(
                Named.of("a value", service -> {
                    CompletableFuture<String> result = CompletableFuture.supplyAsync(service::plain);
                    service.awaitRunning();
                    return () -> {
                        service.gate().complete("value");
                        assertThat(result.join()).isEqualTo("value");
                    };
                }),
                Named.of("an exception", service -> {
                    CompletableFuture<String> result = CompletableFuture.supplyAsync(service::plain);
                    service.awaitRunning();
                    return () -> {
                        service.gate().completeExceptionally(BROKEN);
                        assertThatThrownBy(result::join).hasRootCause(BROKEN);
                    };
                }),
                stage("a stage's value", service -> service.gate().complete("value")),
                stage("a stage's null", service -> service.gate().complete(null)),
                stage("a stage's failure", service -> service.gate().completeExceptionally(BROKEN)),
                stage("a stage's cancellation", service -> service.gate().cancel(true)),
                Named.of("a caller's cancellation of a future", service -> {
                    CompletableFuture<String> result = service.future();
                    return () -> {
                        result.cancel(true);
                        assertThat(service.gate()).isCancelled();
                    };
                }),
                Named.of("a caller's cancellation of a stage that is no future", service -> {
                    CompletionStage<String> result = service.stage();
                    return () -> {
                        result.toCompletableFuture().cancel(true);
                        assertThat(service.gate()).isNotDone();
                    };
                }),
                Named.of("a timeout of a future", service -> {
                    CompletableFuture<String> result = service.future();
                    return () -> assertThatThrownBy(() ->
                                    result.orTimeout(1, TimeUnit.MILLISECONDS).get())
                            .hasCauseInstanceOf(TimeoutException.class);
                }),
                Named.of("a caller's own value", service -> {
                    CompletableFuture<String> result = service.future();
                    return () -> result.complete("mine");
                }),
                mono("a mono's value", service -> service.sink().tryEmitValue("value")),
                mono("an empty mono", service -> service.sink().tryEmitEmpty()),
                mono("a mono's error", service -> service.sink().tryEmitError(BROKEN)),
                Named.of(
                        "a subscriber of a mono who cancels",
                        service -> service.mono().subscribe()::dispose),
                Named.of("a timeout of a mono", service -> {
                    Sinks.Empty<Void> late = Sinks.empty();
                    CompletableFuture<String> result =
                            service.mono().timeout(late.asMono()).toFuture();
                    return () -> {
                        late.tryEmitEmpty();
                        assertThatThrownBy(result::join).hasCauseInstanceOf(TimeoutException.class);
                    };
                }),
                Named.of(
                        "a subscriber of a single who disposes of it",
                        service -> service.single().subscribe()::dispose),
                Named.of("a single's value", service -> {
                    CompletionStage<String> result = service.single().toCompletionStage();
                    return () -> {
                        service.sink().tryEmitValue("value");
                        assertThat(result).isCompletedWithValue("value");
                    };
                }),
                flux("the end of a flux", service -> service.many().tryEmitComplete()),
                flux("the error of a flux", service -> service.many().tryEmitError(BROKEN)),
                Named.of("a subscriber of a flux who cancels", service -> {
                    Disposable subscriber = service.flux().subscribe();
                    service.many().tryEmitNext("first");
                    return subscriber::dispose;
                }),
                Named.of("a subscriber of a flux who has enough", service -> {
                    CompletableFuture<List<String>> result =
                            service.flux().take(2).collectList().toFuture();
                    service.many().tryEmitNext("first");
                    return () -> {
                        service.many().tryEmitNext("second");
                        assertThat(result).isCompletedWithValue(List.of("first", "second"));
                    };
                }),
                Named.of("a timeout of a flux", service -> {
                    Sinks.Empty<Void> late = Sinks.empty();
                    CompletableFuture<String> result =
                            service.flux().timeout(late.asMono()).next().toFuture();
                    return () -> {
                        late.tryEmitEmpty();
                        assertThatThrownBy(result::join).hasCauseInstanceOf(TimeoutException.class);
                    };
                }));
    }

    @ParameterizedTest
    @MethodSource("endings")
    void theNextCallIsRejectedWhileOneRunsAndAdmittedAfterIt(Ending ending) {
        run((service, registry) -> {
            for (int call = 0; call < 3; call++) {
                service.startAfresh();
                Runnable end = ending.begin(service);
                assertThat(isFree(registry)).isFalse();
                assertThatThrownBy(service::plain).isInstanceOf(RateLimitExceededException.class);
                end.run();
                assertThat(isFree(registry)).isTrue();
            }
        });
    }

    static Stream<Named<Function<Service, CompletableFuture<?>>>> immediate() {
        return Stream.of(
                Named.of("plain", service -> CompletableFuture.completedFuture(call(service::plainBroken))),
                Named.of("stage", Service::stageBroken),
                Named.of("null stage", Service::stageNull),
                Named.of("mono", service -> service.monoBroken().toFuture()),
                Named.of("null mono", service -> service.monoNull().toFuture()),
                Named.of("flux", service -> service.fluxBroken().next().toFuture()),
                Named.of(
                        "blocked flux", service -> service.fluxOfNobody().next().toFuture()));
    }

    @ParameterizedTest
    @MethodSource("immediate")
    void aBodyThatFailsBeforeThereIsAnythingToWaitForHoldsNothing(Function<Service, CompletableFuture<?>> kind) {
        run((service, registry) -> {
            for (int call = 0; call < 3; call++) {
                assertThat(kind.apply(service))
                        .satisfies(result -> assertThat(result.handle((value, failure) ->
                                        failure != null && failure.toString().contains("Exceeded")))
                                .isCompletedWithValue(false));
                assertThat(isFree(registry)).isTrue();
            }
        });
    }

    @Test
    void theLeaseIsFreeBeforeTheCallerGetsTheResult() {
        run((service, registry) -> {
            CompletableFuture<Boolean> ended = service.future().thenApply(value -> isFree(registry));
            service.gate().complete("value");
            assertThat(ended).isCompletedWithValue(true);

            service.startAfresh();
            ended = service.future().handle((value, failure) -> isFree(registry));
            service.gate().completeExceptionally(BROKEN);
            assertThat(ended).isCompletedWithValue(true);

            service.startAfresh();
            CompletableFuture<String> future = service.future();
            ended = future.handle((value, failure) -> isFree(registry));
            future.orTimeout(1, TimeUnit.MILLISECONDS);
            assertThat(ended.join()).isTrue();

            service.startAfresh();
            future = service.future();
            ended = future.handle((value, failure) -> isFree(registry));
            future.cancel(false);
            assertThat(ended).isCompletedWithValue(true);

            service.startAfresh();
            ended = service.mono().map(value -> isFree(registry)).toFuture();
            service.sink().tryEmitValue("value");
            assertThat(ended).isCompletedWithValue(true);

            service.startAfresh();
            ended = service.mono()
                    .map(value -> false)
                    .onErrorResume(failure -> Mono.just(isFree(registry)))
                    .toFuture();
            service.sink().tryEmitError(BROKEN);
            assertThat(ended).isCompletedWithValue(true);

            ended = service.flux()
                    .then(Mono.fromSupplier(() -> isFree(registry)))
                    .toFuture();
            service.many().tryEmitComplete();
            assertThat(ended).isCompletedWithValue(true);
        });
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aStageEndsEvenIfReleasingItsLeaseFails(boolean fails) {
        RateLimitStore memory = InMemoryRateLimitStore.create(() -> 0, 100);
        RateLimitStore breaking = (RateLimitStore) Proxy.newProxyInstance(
                RateLimitStore.class.getClassLoader(), new Class<?>[] {RateLimitStore.class}, (proxy, method, args) -> {
                    if (method.getName().equals("refund")) {
                        throw new NoClassDefFoundError("driver");
                    }
                    return method.invoke(memory, args);
                });
        RateLimiterRegistry registry = new RateLimiterRegistry(breaking, List.of());
        registry.define(Limit.of("ten", "10/h"));
        registry.define(
                Limit.named("single").maxConcurrent(1, Duration.ofSeconds(30)).build());
        runner.withAllowBeanDefinitionOverriding(true)
                .withBean("rateLimitRegistry", RateLimiterRegistry.class, () -> registry)
                .run(context -> {
                    Service service = context.getBean(Service.class);
                    CompletableFuture<String> result = service.future();
                    if (fails) {
                        service.gate().completeExceptionally(BROKEN);
                        assertThat(result).isDone();
                        assertThatThrownBy(result::join).hasCause(BROKEN);
                    } else {
                        service.gate().complete("value");
                        assertThat(result).isCompletedWithValue("value");
                    }
                });
    }

    @Test
    void aRejectedCallAndItsFallbackHaveNoLease() {
        run((service, registry) -> {
            Decision held = registry.get("single").tryAcquire().orThrow();
            assertThat(service.polite()).isEqualTo("instead");
            assertThat(service.future()).isCompletedExceptionally();
            registry.release(held);
            assertThat(isFree(registry)).isTrue();
            assertThat(service.polite()).isEqualTo("called");
        });
    }

    @Test
    void aMonoHasOneLeaseForEachSubscriber() {
        run((service, registry) -> {
            Mono<String> mono = service.mono();
            assertThat(isFree(registry)).isTrue();
            Disposable first = mono.subscribe();
            assertThatThrownBy(mono::block).isInstanceOf(RateLimitExceededException.class);
            first.dispose();
            service.sink().tryEmitValue("value");
            assertThat(mono.block()).isEqualTo("value");
            assertThat(mono.block()).isEqualTo("value");
        });
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1})
    void aSubscriberThatIsGoneAtOnceKeepsNoLease(long wanted) {
        run((service, registry) -> {
            for (Publisher<String> call : List.of(service.mono(), service.flux())) {
                call.subscribe(new BaseSubscriber<>() {
                    @Override
                    protected void hookOnSubscribe(Subscription subscription) {
                        subscription.cancel();
                        if (wanted > 0) {
                            subscription.request(wanted);
                        }
                    }
                });
                assertThat(isFree(registry)).isTrue();
            }
        });
    }

    @Test
    void aCallWithARateAndALeaseIsChargedForTheRateAndReleasesTheLease() {
        run((service, registry) -> {
            assertThat(service.both(4)).isEqualTo(4);
            assertThatThrownBy(() -> service.both(-1)).isSameAs(BROKEN);
            assertThat(isFree(registry)).isTrue();
            assertThat(registry.get("ten").peek(Charge.SHARED).remaining()).isEqualTo(6);
        });
    }

    @Test
    void refundingALeaseHasNoEffect() {
        run((service, registry) -> {
            for (int call = 0; call < 3; call++) {
                assertThatThrownBy(service::refunded).isSameAs(BROKEN);
                assertThat(isFree(registry)).isTrue();
            }
        });
    }

    @Test
    void aCallCanTakeSeveralLeases() {
        run((service, registry) -> {
            CompletableFuture<String> half = service.half();
            assertThat(registry.get("single").peek(Charge.SHARED).remaining()).isEqualTo(0.5);
            CompletableFuture<String> other = service.half();
            assertThat(service.half()).isCompletedExceptionally();
            half.cancel(true);
            assertThat(registry.get("single").peek(Charge.SHARED).remaining()).isEqualTo(0.5);
            other.cancel(true);
            assertThat(registry.get("single").peek(Charge.SHARED).remaining()).isEqualTo(1);
        });
    }

    /** Races a late decision against a caller that gives up, many times: no lease is ever lost. */
    @ParameterizedTest
    @MethodSource("givingUp")
    void givingUpWhenTheDecisionComesLeavesNoCharge(Function<Service, Runnable> call) {
        LateApplication.with(Service.class).run(context -> {
            Service service = context.getBean(Service.class);
            RateLimiterRegistry registry = context.getBean(RateLimiterRegistry.class);
            for (int i = 0; i < 300; i++) {
                Runnable giveUp = LateApplication.onEventLoop(() -> call.apply(service));
                CompletableFuture<Void> replied = CompletableFuture.runAsync(() -> reply(context));
                CompletableFuture.runAsync(giveUp).join();
                replied.join();
                await().pollDelay(Duration.ZERO)
                        .pollInterval(Duration.ofMillis(1))
                        .atMost(Duration.ofSeconds(20))
                        .until(() -> isFree(registry));
            }
        });
    }

    static Stream<Named<Function<Service, Runnable>>> givingUp() {
        return Stream.of(
                Named.of("future", service -> {
                    CompletableFuture<String> result = service.future();
                    return () -> result.cancel(true);
                }),
                Named.of("stage", service -> {
                    CompletableFuture<String> result = service.stage().toCompletableFuture();
                    return () -> result.cancel(true);
                }),
                Named.of("mono", service -> service.mono().subscribe()::dispose),
                Named.of("flux", service -> service.flux().subscribe()::dispose));
    }

    @ParameterizedTest
    @MethodSource("broken")
    void aDecisionThatCannotBeDispatchedKeepsNoLease(ContinuationSettings broken) {
        LateApplication.with(Service.class)
                .withBean("continuationSettings", ContinuationSettings.class, () -> broken)
                .run(context -> {
                    Service service = context.getBean(Service.class);
                    CompletableFuture<String> result = LateApplication.onEventLoop(service::future);
                    reply(context);
                    assertThat(result)
                            .failsWithin(Duration.ofSeconds(20))
                            .withThrowableThat()
                            .withCause(BROKEN);
                    await().until(() -> isFree(context.getBean(RateLimiterRegistry.class)));
                });
    }

    static Stream<Named<ContinuationSettings>> broken() {
        return Stream.of(
                Named.of("decorator", new ContinuationSettings(Runnable::run, task -> {
                    throw BROKEN;
                })),
                Named.of(
                        "executor",
                        new ContinuationSettings(
                                task -> {
                                    throw BROKEN;
                                },
                                task -> task)));
    }

    private static void reply(org.springframework.context.ApplicationContext context) {
        try {
            LateApplication.store(context).reply();
        } catch (InterruptedException ex) {
            throw new CancellationException();
        }
    }

    private static Named<Ending> stage(String name, java.util.function.Consumer<Service> end) {
        return Named.of(name, service -> {
            CompletableFuture<String> result = service.future();
            return () -> {
                end.accept(service);
                assertThat(result).isDone();
            };
        });
    }

    private static Named<Ending> mono(String name, java.util.function.Consumer<Service> end) {
        return Named.of(name, service -> {
            CompletableFuture<String> result = service.mono().toFuture();
            return () -> {
                end.accept(service);
                assertThat(result).isDone();
            };
        });
    }

    private static Named<Ending> flux(String name, java.util.function.Consumer<Service> end) {
        return Named.of(name, service -> {
            CompletableFuture<List<String>> result =
                    service.flux().collectList().toFuture();
            service.many().tryEmitNext("first");
            return () -> {
                end.accept(service);
                assertThat(result).isDone();
            };
        });
    }

    private static String call(java.util.function.Supplier<String> broken) {
        try {
            return broken.get();
        } catch (IllegalStateException ex) {
            return ex.getMessage();
        }
    }

    /** Returns whether a call would be admitted now. The call is released at once. */
    private void run(Scenario<Service> scenario) {
        scenario.runIn(runner, Service.class);
    }

    static class Service {

        private CompletableFuture<String> gate = new CompletableFuture<>();
        private CompletableFuture<Void> running = new CompletableFuture<>();
        private Sinks.One<String> sink = Sinks.one();
        private Sinks.Many<String> many = Sinks.many().replay().all();

        CompletableFuture<String> gate() {
            return gate;
        }

        Sinks.One<String> sink() {
            return sink;
        }

        Sinks.Many<String> many() {
            return many;
        }

        void startAfresh() {
            gate = new CompletableFuture<>();
            running = new CompletableFuture<>();
            sink = Sinks.one();
            many = Sinks.many().replay().all();
        }

        void awaitRunning() {
            running.join();
        }

        @RateLimited("single")
        public String plain() {
            running.complete(null);
            return gate.join();
        }

        @RateLimited("single")
        public CompletableFuture<String> future() {
            return gate;
        }

        @RateLimited("single")
        public CompletionStage<String> stage() {
            return gate.minimalCompletionStage();
        }

        @RateLimited("single")
        public Mono<String> mono() {
            return sink.asMono();
        }

        @RateLimited("single")
        public Single<String> single() {
            return Single.fromPublisher(sink.asMono());
        }

        @RateLimited("single")
        public Flux<String> flux() {
            return many.asFlux();
        }

        @RateLimited("single")
        public String plainBroken() {
            throw BROKEN;
        }

        @RateLimited("single")
        public CompletableFuture<String> stageBroken() {
            throw BROKEN;
        }

        @RateLimited("single")
        public CompletableFuture<String> stageNull() {
            return null;
        }

        @RateLimited("single")
        public Mono<String> monoBroken() {
            throw BROKEN;
        }

        @RateLimited("single")
        public Mono<String> monoNull() {
            return null;
        }

        @RateLimited("single")
        public Flux<String> fluxBroken() {
            throw BROKEN;
        }

        @RateLimited("single")
        public Flux<String> fluxOfNobody() {
            return Flux.from(subscriber -> {
                throw BROKEN;
            });
        }

        @RateLimited(limit = "single", fallback = "instead")
        public String polite() {
            return "called";
        }

        private String instead() {
            return "instead";
        }

        @RateLimited("single")
        @RateLimited(limit = "ten", cost = 5, settle = "#result", refundOn = IllegalStateException.class)
        public int both(int used) {
            if (used < 0) {
                throw BROKEN;
            }
            return used;
        }

        @RateLimited(limit = "single", refundOn = IllegalStateException.class)
        public String refunded() {
            throw BROKEN;
        }

        @RateLimited(limit = "single", cost = 0.5)
        public CompletableFuture<String> half() {
            return new CompletableFuture<>();
        }
    }
}
