package io.ratelimit.aop;

import static io.ratelimit.aop.LateApplication.HERE;
import static io.ratelimit.aop.LateApplication.onEventLoop;
import static io.ratelimit.aop.Scenario.isFree;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ratelimit.Decision;
import io.ratelimit.RateLimitExceededException;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.annotation.RateLimited;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Supplier;
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

/** Calls of methods that may run one at a time, so that further calls queue. */
@Timeout(60)
class LeaseWaitQueueTests {

    private static final Duration SOON = Duration.ofSeconds(20);

    private final ApplicationContextRunner runner = Scenario.application(
            Service.class,
            "ratelimit.limits.single.algorithm=concurrency",
            "ratelimit.limits.single.max-concurrent=1",
            "ratelimit.limits.single.max-wait=10m");

    @Test
    void queuedCallsOfEveryReturnTypeRunInOrderOneAtATime() {
        run((service, registry) -> {
            Decision first = hold(registry);
            CompletableFuture<String> future = service.future("future");
            CompletableFuture<String> mono = service.mono("mono").toFuture();
            Waiting plain = Waiting.on(() -> service.plain("plain"));
            CompletableFuture<String> flux = service.flux("flux").next().toFuture();
            CompletableFuture<String> last = service.future("last");
            assertThat(service.ran()).isEmpty();

            registry.release(first);

            assertThat(last).succeedsWithin(SOON);
            assertThat(service.ran()).containsExactly("future", "mono", "plain", "flux", "last");
            assertThat(plain.result).succeedsWithin(SOON).isEqualTo("plain");
            // A lease is released before its caller gets the result, so the last call may end before others are
            // completed.
            assertThat(List.of(future, mono, flux))
                    .allSatisfy(result -> assertThat(result).succeedsWithin(SOON));
            assertThat(service.most()).isEqualTo(1);
            assertThat(isFree(registry)).isTrue();
        });
    }

    @Test
    void aThreadThatIsInterruptedLeavesTheQueueAndStaysInterrupted() {
        run((service, registry) -> {
            Decision first = hold(registry);
            Waiting plain = Waiting.on(() -> service.plain("plain"));

            plain.thread.interrupt();

            assertThatThrownBy(plain.result::join).isInstanceOf(CancellationException.class);
            assertThat(plain.interrupted).succeedsWithin(SOON).isEqualTo(true);
            registry.release(first);
            assertThat(isFree(registry)).isTrue();
            assertThat(service.ran()).isEmpty();
        });
    }

    @Test
    void aCancelledCallLeavesTheQueue() {
        run((service, registry) -> {
            Decision first = hold(registry);
            CompletableFuture<String> future = service.future("future");
            CompletableFuture<String> timedOut = service.future("timed out");
            Disposable mono = service.mono("mono").subscribe();
            Disposable flux = service.flux("flux").subscribe();
            CompletableFuture<String> last = service.future("last");

            future.cancel(true);
            timedOut.completeExceptionally(new java.util.concurrent.TimeoutException());
            mono.dispose();
            flux.dispose();
            registry.release(first);

            assertThat(last).succeedsWithin(SOON);
            assertThat(service.ran()).containsExactly("last");
            assertThatThrownBy(timedOut::get).hasCauseInstanceOf(java.util.concurrent.TimeoutException.class);
        });
    }

    @Test
    void aCallIsRejectedWhenItsWaitEnds() {
        run((service, registry) -> {
            Decision first = hold(registry);
            CompletableFuture<String> brief = service.brief();
            assertThat(brief)
                    .failsWithin(SOON)
                    .withThrowableThat()
                    .havingCause()
                    .isInstanceOf(RateLimitExceededException.class)
                    .withMessageEndingWith("not free within the max-wait of 30ms");
            registry.release(first);
            assertThat(isFree(registry)).isTrue();
            assertThat(service.ran()).isEmpty();
        });
    }

    static Stream<Named<Function<Late, CompletableFuture<String>>>> kinds() {
        return Stream.of(
                Named.of("future", Late::future),
                Named.of("stage", late -> late.stage().toCompletableFuture()),
                Named.of("mono", late -> late.mono().toFuture()),
                Named.of("flux", late -> late.flux().next().toFuture()));
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void aQueuedMethodRunsOnTheApplicationsExecutorWithTheContextOfItsCaller(
            Function<Late, CompletableFuture<String>> kind) {
        LateApplication.with(Late.class).run(context -> {
            RateLimiterRegistry registry = context.getBean(RateLimiterRegistry.class);
            Late late = context.getBean(Late.class);
            Decision first = hold(registry);
            CompletableFuture<String> result = onEventLoop(() -> kind.apply(late));
            LateApplication.store(context).reply();
            assertThat(result).isNotDone();

            registry.release(first);
            LateApplication.store(context).reply();

            assertThat(result).succeedsWithin(SOON).isEqualTo(HERE);
        });
    }

    private static Decision hold(RateLimiterRegistry registry) {
        return registry.get("single").tryAcquire().orThrow();
    }

    /** Returns whether a call would be admitted now, and releases its lease. */
    private void run(Scenario<Service> scenario) {
        scenario.runIn(runner, Service.class);
    }

    /** A thread that waits in the queue. */
    private record Waiting(Thread thread, CompletableFuture<String> result, CompletableFuture<Boolean> interrupted) {

        static Waiting on(Supplier<String> call) throws InterruptedException {
            CompletableFuture<String> result = new CompletableFuture<>();
            CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
            Thread thread = new Thread(() -> {
                try {
                    result.complete(call.get());
                } catch (RuntimeException ex) {
                    result.completeExceptionally(ex);
                }
                interrupted.complete(Thread.currentThread().isInterrupted());
            });
            thread.start();
            while (thread.getState() != Thread.State.WAITING) {
                Thread.sleep(1);
            }
            return new Waiting(thread, result, interrupted);
        }
    }

    static class Service {

        private final List<String> ran = new CopyOnWriteArrayList<>();
        private final AtomicInteger running = new AtomicInteger();
        private final AtomicInteger most = new AtomicInteger();

        List<String> ran() {
            return ran;
        }

        int most() {
            return most.get();
        }

        private String run(String name) {
            most.accumulateAndGet(running.incrementAndGet(), Math::max);
            ran.add(name);
            running.decrementAndGet();
            return name;
        }

        @RateLimited("single")
        public String plain(String name) {
            return run(name);
        }

        @RateLimited("single")
        public CompletableFuture<String> future(String name) {
            return CompletableFuture.completedFuture(run(name));
        }

        @RateLimited(limit = "single", maxWait = "30ms")
        public CompletableFuture<String> brief() {
            return CompletableFuture.completedFuture(run("brief"));
        }

        @RateLimited("single")
        public Mono<String> mono(String name) {
            return Mono.fromSupplier(() -> run(name));
        }

        @RateLimited("single")
        public Flux<String> flux(String name) {
            return Flux.defer(() -> Flux.just(run(name)));
        }
    }

    static class Late {

        @RateLimited("single")
        public CompletableFuture<String> future() {
            return CompletableFuture.completedFuture(LateApplication.place());
        }

        @RateLimited("single")
        public CompletionStage<String> stage() {
            return CompletableFuture.completedStage(LateApplication.place());
        }

        @RateLimited("single")
        public Mono<String> mono() {
            return Mono.fromSupplier(LateApplication::place);
        }

        @RateLimited("single")
        public Flux<String> flux() {
            return Flux.defer(() -> Flux.just(LateApplication.place()));
        }
    }
}
