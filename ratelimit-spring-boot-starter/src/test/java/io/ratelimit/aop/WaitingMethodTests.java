package io.ratelimit.aop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.ratelimit.RateLimitExceededException;
import io.ratelimit.RateLimiter;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.annotation.RateLimited;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Methods whose calls wait for tokens. */
@Timeout(60)
class WaitingMethodTests {

    private static final Duration HOUR = Duration.ofHours(1);

    private final ApplicationContextRunner runner = Scenario.application(
            Service.class,
            "ratelimit.limits.quick.rates=20/s burst 1",
            "ratelimit.limits.quick.max-wait=10s",
            "ratelimit.limits.hour.rates=1/1h",
            "ratelimit.limits.hour.max-wait=10h",
            "ratelimit.limits.other=1/1h");

    @Test
    void aPlainMethodWaitsOnItsThreadForTheMaximumWaitOfItsLimit() {
        run((service, registry) -> {
            long start = System.nanoTime();
            for (int i = 0; i < 4; i++) {
                assertThat(service.plain()).isSameAs(Thread.currentThread());
            }
            assertThat(System.nanoTime() - start).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(140));
        });
    }

    @Test
    void theWaitOfTheAnnotationReplacesThatOfTheLimit() {
        run((service, registry) -> {
            service.atOnce();
            assertThatThrownBy(service::atOnce)
                    .isInstanceOf(RateLimitExceededException.class)
                    .hasMessageMatching(".*retry after [0-9.dhms]+");
            assertThatThrownBy(service::brief)
                    .isInstanceOf(RateLimitExceededException.class)
                    .hasMessageEndingWith(", more than the max-wait of 1ms");
            assertThat(retry(registry, "hour")).isLessThanOrEqualTo(HOUR);
        });
    }

    @Test
    void theShortestWaitOfSeveralLimitsAppliesAndNothingIsConsumed() {
        run((service, registry) -> {
            service.both();
            assertThatThrownBy(service::both).isInstanceOf(RateLimitExceededException.class);
            assertThat(retry(registry, "hour")).isLessThanOrEqualTo(HOUR);
        });
    }

    @Test
    void aFallbackAnswersAWaitThatIsTooLong() {
        run((service, registry) -> {
            assertThat(service.orElse()).isEqualTo("called");
            assertThat(service.orElse()).isEqualTo("instead");
        });
    }

    @Test
    void aFutureWaitsWithoutAThreadAndBeginsWhenItMay() {
        run((service, registry) -> {
            long start = System.nanoTime();
            CompletableFuture<Thread> first = service.future();
            assertThat(first).isCompletedWithValue(Thread.currentThread());
            CompletableFuture<Thread> last = service.future();
            assertThat(service.mono().block()).isNotNull();
            assertThat(last.get(10, TimeUnit.SECONDS)).isNotSameAs(Thread.currentThread());
            assertThat(System.nanoTime() - start).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(80));
        });
    }

    @Test
    void tokensAreRefundedIfTheCallerGivesUpWhileWaiting() {
        run((service, registry) -> {
            service.hourly();
            assertThat(retry(registry, "hour")).isLessThanOrEqualTo(HOUR);

            CompletableFuture<String> cancelled = service.hourlyFuture();
            CompletableFuture<String> timedOut = service.hourlyFuture().orTimeout(50, TimeUnit.MILLISECONDS);
            Disposable mono = service.hourlyMono().subscribe();
            Disposable flux = service.hourlyFlux().subscribe();
            FutureTask<String> waiting = new FutureTask<>(service::hourly);
            Thread thread = new Thread(waiting);
            thread.start();
            while (thread.getState() != Thread.State.TIMED_WAITING) {
                Thread.sleep(1);
            }
            assertThat(retry(registry, "hour")).isGreaterThan(HOUR.multipliedBy(5));

            cancelled.cancel(true);
            mono.dispose();
            flux.dispose();
            thread.interrupt();
            assertThatThrownBy(waiting::get).hasRootCauseInstanceOf(CancellationException.class);
            assertThatThrownBy(timedOut::get).hasRootCauseInstanceOf(java.util.concurrent.TimeoutException.class);
            await().untilAsserted(() -> assertThat(retry(registry, "hour")).isLessThanOrEqualTo(HOUR));
            assertThat(service.runs()).isEqualTo(1);
        });
    }

    @Test
    void closingTheContextEndsAllWaitsSoon() {
        CompletableFuture<CompletableFuture<String>> left = new CompletableFuture<>();
        run((service, registry) -> {
            service.hourly();
            left.complete(service.hourlyFuture());
        });
        assertThat(left.join()).failsWithin(Duration.ofSeconds(10));
    }

    private void run(Scenario<Service> scenario) {
        scenario.runIn(runner, Service.class);
    }

    private static Duration retry(RateLimiterRegistry registry, String name) {
        RateLimiter limiter = registry.get(name);
        return limiter.tryAcquire().retryAfter().orElseThrow();
    }

    static class Service {

        private volatile int runs;

        int runs() {
            return runs;
        }

        @RateLimited("quick")
        public Thread plain() {
            return Thread.currentThread();
        }

        @RateLimited("quick")
        public CompletableFuture<Thread> future() {
            return CompletableFuture.completedFuture(Thread.currentThread());
        }

        @RateLimited("quick")
        public Mono<Thread> mono() {
            return Mono.fromSupplier(Thread::currentThread);
        }

        @RateLimited(limit = "hour", maxWait = "0s")
        public void atOnce() {}

        @RateLimited(limit = "hour", maxWait = "${brief:1ms}")
        public void brief() {}

        @RateLimited("hour")
        @RateLimited("other")
        public void both() {}

        @RateLimited(limit = "hour", maxWait = "PT1S", fallback = "instead")
        public String orElse() {
            return "called";
        }

        private String instead() {
            return "instead";
        }

        @RateLimited("hour")
        public String hourly() {
            runs++;
            return "hourly";
        }

        @RateLimited("hour")
        public CompletableFuture<String> hourlyFuture() {
            return CompletableFuture.completedFuture(hourly());
        }

        @RateLimited("hour")
        public Mono<String> hourlyMono() {
            return Mono.fromSupplier(this::hourly);
        }

        @RateLimited("hour")
        public Flux<String> hourlyFlux() {
            return Flux.defer(() -> Flux.just(hourly()));
        }
    }
}
