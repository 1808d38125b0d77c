package io.ratelimit.aop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.ratelimit.Charge;
import io.ratelimit.DecisionSource;
import io.ratelimit.ForwardingRateLimitStore;
import io.ratelimit.Limit;
import io.ratelimit.RateLimitExceededException;
import io.ratelimit.RateLimitStore;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.StoreFailurePolicy;
import io.ratelimit.StoreUnavailableException;
import io.ratelimit.annotation.RateLimited;
import io.ratelimit.memory.InMemoryRateLimitStore;
import io.ratelimit.remote.RemoteRateLimitStore;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

class FallbackMethodTests {

    private final ApplicationContextRunner runner = LimitedApplication.with(Service.class);

    @ParameterizedTest
    @CsvSource({
        "plain, plain x",
        "withException, one x",
        "withSupertype, RateLimitExceededException x",
        "preferred, exception x",
        "inherited, inherited x",
        "ofInterface, interface x",
        "isStatic, static x",
        "narrower, narrower x",
        "future, future x",
        "mono, mono x",
        "flux, flux x"
    })
    void aRejectionIsAnsweredBy(String name, String answer) {
        runner.run(context -> {
            Service service = context.getBean(Service.class);
            assertThat(call(service, name, "x")).isEqualTo("real");
            assertThat(call(service, name, "x")).isEqualTo(answer);
        });
    }

    private static Object call(Service service, String name, String text) {
        return switch (name) {
            case "plain" -> service.plain(text);
            case "withException" -> service.withException(text);
            case "withSupertype" -> service.withSupertype(text);
            case "preferred" -> service.preferred(text);
            case "inherited" -> service.inherited(text);
            case "ofInterface" -> service.ofInterface(text);
            case "isStatic" -> service.isStatic(text);
            case "narrower" -> service.narrower(text);
            case "future" -> service.future(text).toCompletableFuture().join();
            case "mono" -> service.mono(text).block();
            case "flux" -> service.flux(text).blockLast();
            default -> throw new IllegalArgumentException(name);
        };
    }

    @Test
    void aFallbackRunsOnTheBeanItselfNotOnItsProxy() {
        runner.run(context -> {
            Service service = context.getBean(Service.class);
            service.limitedTwice();
            assertThat(service.limitedTwice()).isEqualTo("also limited, but not here");
            assertThat(service.limitedTwice()).isEqualTo("also limited, but not here");
        });
    }

    @Test
    void anExceptionOfAFallbackReachesTheCallerUnchanged() {
        runner.run(context -> {
            Service service = context.getBean(Service.class);
            service.throwing();
            assertThatExceptionOfType(IOException.class)
                    .isThrownBy(service::throwing)
                    .withMessage("from the fallback");
            service.throwingFuture();
            assertThat(catchThrowable(
                            () -> service.throwingFuture().toCompletableFuture().join()))
                    .hasCauseInstanceOf(IllegalStateException.class);
        });
    }

    @Test
    void theResultOfAFallbackOfAVoidMethodIsIgnored() {
        runner.run(context -> {
            Service service = context.getBean(Service.class);
            service.nothing();
            service.nothing();
            assertThat(service.dropped()).isEqualTo(1);
        });
    }

    @Test
    void ofSeveralLimitsTheFallbackOfTheRejectingOneAnswersOrElseTheFirst() {
        runner.run(context -> {
            Service service = context.getBean(Service.class);
            service.several("a", 1);
            assertThat(service.several("a", 1)).isEqualTo("by one");
            assertThat(service.several("b", 11)).isEqualTo("by ten");
            service.firstOfTwo("a");
            assertThat(service.firstOfTwo("a")).isEqualTo("first a");
        });
    }

    @Test
    void theFallbackOfALimitThatDoesNotApplyIsNotUsed() {
        runner.run(context -> {
            Service service = context.getBean(Service.class);
            service.oneOrOther(true);
            assertThat(service.oneOrOther(true)).isEqualTo("when true");
            service.oneOrOther(false);
            assertThat(service.oneOrOther(false)).isEqualTo("when false");
        });
    }

    @Test
    void aRejectionByThePolicyIsAnsweredToo() {
        new ApplicationContextRunner()
                .withConfiguration(org.springframework.boot.autoconfigure.AutoConfigurations.of(
                        org.springframework.boot.autoconfigure.aop.AopAutoConfiguration.class))
                .withAllowBeanDefinitionOverriding(true)
                .withUserConfiguration(LimitedApplication.Wiring.class, Denying.class, Policed.class)
                .run(context ->
                        assertThat(context.getBean(Policed.class).call()).isEqualTo(DecisionSource.POLICY));
    }

    @Configuration(proxyBeanMethods = false)
    static class Denying {

        @Bean
        RateLimiterRegistry rateLimitRegistry() {
            RateLimitStore broken = new UnavailableStore();
            RateLimiterRegistry registry = new RateLimiterRegistry(
                    RemoteRateLimitStore.builder(broken, InMemoryRateLimitStore.create())
                            .build(),
                    List.of());
            registry.define(Limit.named("strict")
                    .rates("10/s")
                    .onStoreFailure(StoreFailurePolicy.DENY)
                    .build());
            return registry;
        }
    }

    private static final class UnavailableStore extends ForwardingRateLimitStore {

        UnavailableStore() {
            super(InMemoryRateLimitStore.create());
        }

        @Override
        public io.ratelimit.Decision decide(List<Charge> charges, Duration maxWait) {
            throw new StoreUnavailableException("not reachable", null);
        }

        @Override
        public CompletionStage<io.ratelimit.Decision> decideAsync(List<Charge> charges, Duration maxWait) {
            return CompletableFuture.failedFuture(new StoreUnavailableException("not reachable", null));
        }
    }

    static class Policed {

        @RateLimited(limit = "strict", fallback = "rejected")
        public DecisionSource call() {
            return DecisionSource.STORE;
        }

        private DecisionSource rejected(RateLimitExceededException rejection) {
            return rejection.getSource();
        }
    }

    interface Answers {
        default String interfaceAnswer(String text) {
            return "interface " + text;
        }
    }

    static class Parent {
        protected String inheritedAnswer(String text) {
            return "inherited " + text;
        }
    }

    static class Service extends Parent implements Answers {

        private int dropped;

        public int dropped() {
            return dropped;
        }

        @RateLimited(limit = "one", fallback = "plainAnswer")
        public String plain(String text) {
            return "real";
        }

        private String plainAnswer(String text) {
            return "plain " + text;
        }

        @RateLimited(limit = "one", fallback = "exceptionAnswer")
        public String withException(String text) {
            return "real";
        }

        String exceptionAnswer(String text, RateLimitExceededException rejection) {
            return rejection.getLimit() + " " + text;
        }

        @RateLimited(limit = "one", fallback = "supertypeAnswer")
        public String withSupertype(String text) {
            return "real";
        }

        String supertypeAnswer(String text, Throwable rejection) {
            return rejection.getClass().getSimpleName() + " " + text;
        }

        @RateLimited(limit = "one", fallback = "preferredAnswer")
        public String preferred(String text) {
            return "real";
        }

        String preferredAnswer(String text) {
            return "none " + text;
        }

        String preferredAnswer(String text, RateLimitExceededException rejection) {
            return "exception " + text;
        }

        @RateLimited(limit = "one", fallback = "inheritedAnswer")
        public String inherited(String text) {
            return "real";
        }

        @RateLimited(limit = "one", fallback = "interfaceAnswer")
        public String ofInterface(String text) {
            return "real";
        }

        @RateLimited(limit = "one", fallback = "staticAnswer")
        public String isStatic(String text) {
            return "real";
        }

        static String staticAnswer(String text) {
            return "static " + text;
        }

        @RateLimited(limit = "one", fallback = "narrowerAnswer")
        public Object narrower(String text) {
            return "real";
        }

        String narrowerAnswer(String text) {
            return "narrower " + text;
        }

        @RateLimited(limit = "one", fallback = "futureAnswer")
        public CompletionStage<String> future(String text) {
            return CompletableFuture.completedFuture("real");
        }

        CompletableFuture<String> futureAnswer(String text) {
            return CompletableFuture.completedFuture("future " + text);
        }

        @RateLimited(limit = "one", fallback = "monoAnswer")
        public Mono<String> mono(String text) {
            return Mono.just("real");
        }

        Mono<String> monoAnswer(String text) {
            return Mono.just("mono " + text);
        }

        @RateLimited(limit = "one", fallback = "fluxAnswer")
        public Flux<String> flux(String text) {
            return Flux.just("real");
        }

        Flux<String> fluxAnswer(String text) {
            return Flux.just("flux " + text);
        }

        @RateLimited(limit = "one", fallback = "alsoLimited")
        public String limitedTwice() {
            return "real";
        }

        @RateLimited("one")
        public String alsoLimited() {
            return "also limited, but not here";
        }

        @RateLimited(limit = "one", fallback = "throwingAnswer")
        public void throwing() throws IOException {}

        void throwingAnswer() throws IOException {
            throw new IOException("from the fallback");
        }

        @RateLimited(limit = "one", fallback = "throwingFutureAnswer")
        public CompletionStage<String> throwingFuture() {
            return CompletableFuture.completedFuture("real");
        }

        CompletionStage<String> throwingFutureAnswer() {
            throw new IllegalStateException();
        }

        @RateLimited(limit = "one", fallback = "dropping")
        public void nothing() {}

        @Nullable String dropping() {
            dropped++;
            return "dropped";
        }

        @RateLimited(limit = "one", key = "#user", fallback = "byOne")
        @RateLimited(limit = "ten", costExpression = "#n", fallback = "byTen")
        public String several(String user, int n) {
            return "real";
        }

        String byOne(String user, int n) {
            return "by one";
        }

        String byTen(String user, int n) {
            return "by ten";
        }

        @RateLimited(limit = "ten", fallback = "first")
        @RateLimited(limit = "one", key = "#user")
        public String firstOfTwo(String user) {
            return "real";
        }

        String first(String user) {
            return "first " + user;
        }

        @RateLimited(limit = "one", key = "'t'", condition = "#flag", fallback = "whenTrue")
        @RateLimited(limit = "one", key = "'f'", condition = "!#flag", fallback = "whenFalse")
        public String oneOrOther(boolean flag) {
            return "real";
        }

        String whenTrue(boolean flag) {
            return "when true";
        }

        String whenFalse(boolean flag) {
            return "when false";
        }
    }
}
