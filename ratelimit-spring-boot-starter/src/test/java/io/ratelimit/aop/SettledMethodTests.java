package io.ratelimit.aop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.ratelimit.Charge;
import io.ratelimit.RateLimitStore;
import io.ratelimit.annotation.RateLimited;
import io.ratelimit.memory.InMemoryRateLimitStore;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import kotlin.NotImplementedError;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Methods whose calls are settled by what they used. */
@Timeout(60)
@ExtendWith(OutputCaptureExtension.class)
class SettledMethodTests {

    private static final int ENDLESS = -4;
    private static final int UNFINISHED = -5;
    private static final int UNTELLABLE = -6;

    private final ApplicationContextRunner runner = Scenario.application(
                    Model.class,
                    "ratelimit.limits.tokens=100/1h",
                    "ratelimit.limits.calls=10/1h",
                    "ratelimit.limits.single.algorithm=concurrency",
                    "ratelimit.limits.single.max-concurrent=1")
            .withBean(RateLimitStore.class, () -> InMemoryRateLimitStore.create(() -> 0, 100));

    record Completion(double tokens) {

        @Override
        public double tokens() {
            if (tokens == ENDLESS) {
                throw new StackOverflowError();
            }
            if (tokens == UNFINISHED) {
                throw new NotImplementedError("later");
            }
            if (tokens == UNTELLABLE) {
                throw new Untellable();
            }
            return tokens;
        }
    }

    /** An exception that cannot be logged. */
    static final class Untellable extends RuntimeException {

        private static final long serialVersionUID = 1L;

        @Override
        public String getMessage() {
            throw new IllegalStateException("no message");
        }
    }

    interface Kind {

        Completion complete(Model model, double used) throws Exception;
    }

    static Stream<Named<Kind>> kinds() {
        return Stream.of(
                Named.of("plain", Model::plain),
                Named.of("future", (model, used) -> model.future(used).get()),
                Named.of("mono", (model, used) -> model.mono(used).block()));
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void unusedTokensAreRefunded(Kind kind) {
        run((model, registry) -> {
            assertThat(kind.complete(model, 12.5).tokens()).isEqualTo(12.5);
            assertThat(registry.get("tokens").peek("acme").remaining()).isEqualTo(87.5);
        });
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void tokensBeyondTheCostAreDebited(Kind kind) {
        run((model, registry) -> {
            kind.complete(model, 130);
            assertThat(registry.get("tokens").peek("acme").remaining()).isZero();
            assertThat(registry.get("tokens").peek("acme").resetAfter()).hasMinutes(78);
        });
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void aFailureThatIsNamedIsFreeAndOthersAreNot(Kind kind) {
        run((model, registry) -> {
            assertThatThrownBy(() -> kind.complete(model, -1)).hasStackTraceContaining("slow");
            assertThat(registry.get("tokens").peek("acme").remaining()).isEqualTo(100);
            assertThatThrownBy(() -> kind.complete(model, -2)).hasStackTraceContaining("broken");
            assertThat(registry.get("tokens").peek("acme").remaining()).isEqualTo(20);
        });
    }

    @ParameterizedTest
    @ValueSource(doubles = {Double.NaN, -3})
    void aFailedSettlementKeepsTheChargeAndTheResult(double used) {
        run((model, registry) -> {
            Completion result = model.plain(used);
            assertThat(result).isEqualTo(used == -3 ? null : new Completion(used));
            assertThat(registry.get("tokens").peek("acme").remaining()).isEqualTo(20);
        });
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void anExpressionThatThrowsKeepsTheChargeAndTheResult(Kind kind) {
        for (int error : List.of(ENDLESS, UNFINISHED)) {
            run((model, registry) -> {
                assertThat(kind.complete(model, error)).isEqualTo(new Completion(error));
                assertThat(registry.get("tokens").peek("acme").remaining()).isEqualTo(20);
            });
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {ENDLESS, UNFINISHED})
    void everyLeaseIsReleasedIfAnExpressionThrows(int error) {
        run((model, registry) -> {
            assertThat(model.held(error)).isEqualTo(new Completion(error));
            assertThat(registry.get("single").peek(Charge.SHARED).remaining()).isEqualTo(1);
        });
    }

    @Test
    void everyLeaseIsReleasedEvenIfTheExceptionCannotBeLogged() {
        run((model, registry) -> {
            catchThrowable(() -> model.held(UNTELLABLE));
            assertThat(registry.get("single").peek(Charge.SHARED).remaining()).isEqualTo(1);
        });
    }

    @Test
    void aFailedSettlementIsLoggedOncePerMethod(CapturedOutput output) {
        run((model, registry) -> {
            for (int call = 0; call < 2; call++) {
                model.held(Double.NaN);
                model.alsoHeld(Double.NaN);
            }
            assertThat(output.getOut().lines().filter(line -> line.contains("keep their charge")))
                    .hasSize(2)
                    .anyMatch(line -> line.contains("Model.held("))
                    .anyMatch(line -> line.contains("Model.alsoHeld("));
        });
    }

    @Test
    void eachLimitOfACallIsSettledByItsOwnDeclaration() {
        run((model, registry) -> {
            model.both(30);
            assertThat(registry.get("tokens").peek("acme").remaining()).isEqualTo(70);
            assertThat(registry.get("calls").peek("acme").remaining()).isEqualTo(9);
            assertThatThrownBy(() -> model.both(-1)).isInstanceOf(TimeoutException.class);
            assertThat(registry.get("tokens").peek("acme").remaining()).isZero();
            assertThat(registry.get("calls").peek("acme").remaining()).isEqualTo(9);
        });
    }

    @Test
    void aFluxThatFailsIsFree() {
        run((model, registry) -> {
            assertThatThrownBy(() -> model.flux().blockLast()).hasStackTraceContaining("slow");
            assertThat(registry.get("tokens").peek("acme").remaining()).isEqualTo(100);
        });
    }

    private void run(Scenario<Model> scenario) {
        scenario.runIn(runner, Model.class);
    }

    static class Model {

        @RateLimited(
                limit = "tokens",
                key = "'acme'",
                cost = 80,
                settle = "#result.tokens",
                refundOn = {TimeoutException.class})
        public Completion plain(double used) throws TimeoutException {
            return complete(used);
        }

        @RateLimited(
                limit = "tokens",
                key = "'acme'",
                cost = 80,
                settle = "#result.tokens",
                refundOn = TimeoutException.class)
        public CompletableFuture<Completion> future(double used) {
            return CompletableFuture.supplyAsync(() -> {
                try {
                    return complete(used);
                } catch (TimeoutException ex) {
                    throw new java.util.concurrent.CompletionException(ex);
                }
            });
        }

        @RateLimited(
                limit = "tokens",
                key = "'acme'",
                cost = 80,
                settle = "#result.tokens",
                refundOn = TimeoutException.class)
        public Mono<Completion> mono(double used) {
            return Mono.fromCallable(() -> complete(used));
        }

        @RateLimited(limit = "tokens", key = "'acme'", cost = 70, settle = "#result.tokens + 0 * #used")
        @RateLimited(limit = "calls", key = "'acme'", refundOn = Exception.class)
        public Completion both(double used) throws TimeoutException {
            return complete(used);
        }

        @RateLimited("single")
        @RateLimited(limit = "tokens", key = "'acme'", cost = 20, settle = "#result.tokens")
        public Completion held(double used) throws TimeoutException {
            return complete(used);
        }

        @RateLimited("single")
        @RateLimited(limit = "tokens", key = "'acme'", cost = 20, settle = "#result.tokens")
        public Completion alsoHeld(double used) throws TimeoutException {
            return complete(used);
        }

        @RateLimited(limit = "tokens", key = "'acme'", cost = 80, refundOn = TimeoutException.class)
        public Flux<Completion> flux() {
            return Flux.just(new Completion(1)).concatWith(Mono.error(new TimeoutException("slow")));
        }

        private static Completion complete(double used) throws TimeoutException {
            if (used == -1) {
                throw new TimeoutException("slow");
            }
            if (used == -2) {
                throw new IllegalStateException("broken");
            }
            return used == -3 ? null : new Completion(used);
        }
    }
}
