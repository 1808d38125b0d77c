package io.ratelimit.actuate;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.DecisionSource;
import io.ratelimit.ForwardingRateLimitStore;
import io.ratelimit.Limit;
import io.ratelimit.Permit;
import io.ratelimit.RateLimitListener;
import io.ratelimit.RateLimiter;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.StoreFailurePolicy;
import io.ratelimit.StoreUnavailableException;
import io.ratelimit.algorithm.Refill;
import io.ratelimit.http.RunningApplication;
import io.ratelimit.memory.InMemoryRateLimitStore;
import io.ratelimit.remote.RemoteRateLimitStore;
import java.math.BigDecimal;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The HTTP responses of the endpoint, in any web framework. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class RateLimitsEndpointResponses {

    private final RunningApplication application;
    private final RateLimiterRegistry registry;
    private final FailingStore store;

    RateLimitsEndpointResponses(WebApplicationType type) {
        application = RunningApplication.start(
                type, new String[] {"management.endpoints.web.exposure.include=ratelimits"}, Application.class);
        registry = application.bean(RateLimiterRegistry.class);
        store = application.bean(FailingStore.class);
    }

    @AfterAll
    void stop() {
        application.close();
    }

    @AfterEach
    void startAfresh() {
        store.startAfresh();
        registry.all().stream().map(RateLimiter::name).toList().forEach(registry::remove);
    }

    @Test
    void allLimitsAreShownWithTheirStoreTotalsAndMethods() {
        RateLimiter search = registry.define(Limit.of("search", "2/s"));
        registry.define(Limit.named("report")
                .rates("100/1m", "1000/1h burst 200")
                .refill(Refill.INTERVAL)
                .cost(new BigDecimal("2.5"))
                .onStoreFailure(StoreFailurePolicy.DENY)
                .build());
        for (int i = 0; i < 5; i++) {
            search.tryAcquire("user-42");
        }

        HttpResponse<String> response = application.get("/actuator/ratelimits");

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.body())
                .isEqualTo(("{'store':{'name':'remote','state':'up'},'limits':["
                                + "{'name':'report','rates':['100/m','1000/h burst 200'],'algorithm':'token-bucket, interval refill','cost':2.5,'maxWait':'PT0S',"
                                + "'onStoreFailure':'deny','prefetch':null,'methods':[],"
                                + "'admitted':{'store':0,'local':0,'policy':0,'disabled':0},"
                                + "'rejected':{'store':0,'local':0,'policy':0,'disabled':0}},"
                                + "{'name':'search','rates':['2/s'],'algorithm':'token-bucket','cost':1.0,'maxWait':'PT0S',"
                                + "'onStoreFailure':'local','prefetch':null,'methods':['Shop.search','Shop.suggest'],"
                                + "'admitted':{'store':2,'local':0,'policy':0,'disabled':0},"
                                + "'rejected':{'store':3,'local':0,'policy':0,'disabled':0}}],"
                                + "'choosing':['Shop.offer']}")
                        .replace('\'', '"'));
    }

    @Test
    void thePrefetchIsShownWithTheAmountThatItWidensTheBoundBy() {
        RateLimiter search = registry.define(Limit.named("search")
                .rates("1/h burst 20")
                .prefetch(BigDecimal.TEN)
                .build());
        for (int i = 0; i < 4; i++) {
            search.tryAcquire("user-42");
        }

        String shown = "'onStoreFailure':'local','prefetch':\\{'tokens':10.0,'inHand':[0-9.]+,'widens':'10 × nodes'}"
                .replace('\'', '"');
        assertThat(application.get("/actuator/ratelimits").body()).containsPattern(shown);
        assertThat(application.get("/actuator/ratelimits/search").body()).containsPattern(shown);
    }

    @Test
    void aStoreThatDoesNotAnswerIsShownAsDown() {
        registry.define(Limit.of("search", "2/s"));
        store.fail();

        assertThat(application.get("/actuator/ratelimits").body())
                .startsWith("{\"store\":{\"name\":\"remote\",\"state\":\"down\"}");
    }

    @Test
    void aStoreWithoutLimitsIsAskedAllTheSame() {
        assertThat(application.get("/actuator/ratelimits").body())
                .isEqualTo(
                        "{\"store\":{\"name\":\"remote\",\"state\":\"up\"},\"limits\":[],\"choosing\":[\"Shop.offer\"]}");
        store.fail();
        assertThat(application.get("/actuator/ratelimits").body()).contains("\"state\":\"down\"");
    }

    @Test
    void aKeysLevelIsReadAndNotTaken() {
        RateLimiter report = registry.define(Limit.of("report", "100/1m", "1000/1h burst 200"));
        report.tryAcquire("user-42", 30.5);

        for (int i = 0; i < 2; i++) {
            HttpResponse<String> response = application.get("/actuator/ratelimits/report/user-42");

            assertThat(response.statusCode()).isEqualTo(200);
            assertThat(response.body())
                    .isEqualTo(("{'source':'store','rates':["
                                    + "{'rate':'100/m','remaining':69.5,'resetAfter':'PT18.3S'},"
                                    + "{'rate':'1000/h burst 200','remaining':169.5,'resetAfter':'PT1M49.8S'}]}")
                            .replace('\'', '"'));
        }
        assertThat(report.count(true, DecisionSource.STORE)).isEqualTo(1);
    }

    @Test
    void concurrentCallsAreShownWithTheirLeases() {
        RateLimiter export = registry.define(
                Limit.named("export").maxConcurrent(2, Duration.ofSeconds(30)).build());
        Permit held = export.hold("user-42");

        for (int i = 0; i < 2; i++) {
            assertThat(application.get("/actuator/ratelimits/export/user-42").body())
                    .isEqualTo(
                            "{\"source\":\"store\",\"rates\":[{\"rate\":\"2 at once\",\"remaining\":1.0,\"resetAfter\":\"PT30S\"}]}");
        }
        assertThat(application.get("/actuator/ratelimits").body())
                .startsWith("{\"store\":{\"name\":\"remote\",\"state\":\"up\"}")
                .contains("\"rates\":[\"2 at once\"],\"algorithm\":\"concurrency, leases of 30s\"");
        held.close();
        assertThat(application.get("/actuator/ratelimits/export/user-42").body())
                .contains("\"remaining\":2.0,\"resetAfter\":\"PT0S\"");
    }

    @Test
    void aStatusReadWhileTheStoreFailsNamesItsSource() {
        registry.define(Limit.of("search", "2/s"));
        registry.define(Limit.named("deny")
                .rates("2/s")
                .onStoreFailure(StoreFailurePolicy.DENY)
                .build());
        store.fail();

        assertThat(application.get("/actuator/ratelimits/search/user-42").body())
                .startsWith("{\"source\":\"local\",\"rates\":[{\"rate\":\"2/s\",\"remaining\":2.0");
        assertThat(application.get("/actuator/ratelimits/deny/user-42").body())
                .isEqualTo("{\"source\":\"policy\",\"rates\":[]}");
    }

    @Test
    void aLimitIsShownWithItsSharedBucket() {
        registry.define(Limit.of("search", "4/s")).tryAcquire();

        String body = application.get("/actuator/ratelimits/search").body();

        assertThat(body)
                .startsWith("{\"limit\":{\"name\":\"search\"")
                .contains("Shop.suggest")
                .endsWith("\"level\":{\"source\":\"store\",\"rates\":"
                        + "[{\"rate\":\"4/s\",\"remaining\":3.0,\"resetAfter\":\"PT0.25S\"}]}}");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            a b          | search/a%20b
            müller@日本   | search/m%C3%BCller%40%E6%97%A5%E6%9C%AC
            a;b=c?d#e    | search/a%3Bb=c%3Fd%23e
            100%         | search/100%25
            a/b          | search?key=a%2Fb
            /            | search?key=/
            ../etc       | search?key=..%2Fetc
            a+b&c        | search?key=a%2Bb%26c
            """)
    void anyKeyCanBeReadAndReset(String key, String path) {
        RateLimiter search = registry.define(Limit.of("search", "4/s"));
        search.tryAcquire(key);

        assertThat(application.get("/actuator/ratelimits/" + path).body()).contains("\"remaining\":3.0");

        assertThat(application.send("/actuator/ratelimits/" + path, "DELETE").statusCode())
                .isEqualTo(204);
        assertThat(search.peek(key).remaining()).isEqualTo(4);
    }

    @Test
    void aResetLeavesOtherBucketsAlone() {
        RateLimiter search = registry.define(Limit.of("search", "4/s"));
        search.tryAcquire("a");
        search.tryAcquire("b");
        search.tryAcquire();

        application.send("/actuator/ratelimits/search/a", "DELETE");
        assertThat(search.peek("a").remaining()).isEqualTo(4);
        assertThat(search.peek("b").remaining()).isEqualTo(3);
        assertThat(search.peek(Charge.SHARED).remaining()).isEqualTo(3);

        assertThat(application.send("/actuator/ratelimits/search", "DELETE").statusCode())
                .isEqualTo(204);
        assertThat(search.peek("b").remaining()).isEqualTo(3);
        assertThat(search.peek(Charge.SHARED).remaining()).isEqualTo(4);
    }

    @ParameterizedTest
    @ValueSource(strings = {"serch", "serch/user-42", "serch?key=user-42"})
    void anUnknownLimitIsNotFoundAndTheBodySaysSo(String path) {
        registry.define(Limit.of("search", "4/s"));

        for (String method : List.of("GET", "DELETE")) {
            HttpResponse<String> response = application.send("/actuator/ratelimits/" + path, method);

            assertThat(response.statusCode()).isEqualTo(404);
            assertThat(response.headers().firstValue("Content-Type").orElse("")).startsWith("application/problem+json");
            assertThat(response.body())
                    .isEqualTo("{'title':'Unknown limit','status':404,'detail':"
                            .replace('\'', '"')
                            .concat("\"Unknown limit \\\"serch\\\"; did you mean \\\"search\\\"?"
                                    + " Known limits: [search]\"}"));
        }
    }

    @Test
    void aResetThatTheStoreCannotDoIsUnavailable() {
        registry.define(Limit.of("search", "4/s"));
        store.fail();

        HttpResponse<String> response = application.send("/actuator/ratelimits/search/a", "DELETE");

        assertThat(response.statusCode()).isEqualTo(503);
        assertThat(response.body())
                .contains("\"detail\":\"The store remote does not answer. A bucket may or may not have been reset.");
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Application {

        @Bean
        FailingStore store() {
            return new FailingStore();
        }

        @Bean
        RateLimiterRegistry limiters(FailingStore store) {
            return new RateLimiterRegistry(
                    RemoteRateLimitStore.builder(store, InMemoryRateLimitStore.create(() -> 0, 100))
                            .denialCache(false)
                            .build(),
                    List.of(new RateLimitListener() {}));
        }

        @Bean
        RateLimitsEndpoint endpoint(RateLimiterRegistry registry) {
            return new RateLimitsEndpoint(
                    registry,
                    limit -> limit.equals("search") ? List.of("Shop.search", "Shop.suggest") : List.of(),
                    () -> List.of("Shop.offer"));
        }
    }

    /** A remote store that can be made to fail, on a clock that stands still. */
    static final class FailingStore extends ForwardingRateLimitStore {

        private final Set<Charge> charged = ConcurrentHashMap.newKeySet();
        private final AtomicBoolean failing = new AtomicBoolean();

        FailingStore() {
            super(InMemoryRateLimitStore.create(() -> 0, 100));
        }

        @Override
        public String name() {
            return "remote";
        }

        @Override
        public Decision decide(List<Charge> charges, Duration maxWait) {
            check();
            charged.addAll(charges);
            return super.decide(charges, maxWait);
        }

        @Override
        public CompletionStage<Decision> decideAsync(List<Charge> charges, Duration maxWait) {
            return CompletableFuture.supplyAsync(() -> decide(charges, maxWait));
        }

        @Override
        public void reset(Limit limit, String key) {
            check();
            super.reset(limit, key);
        }

        void fail() {
            failing.set(true);
        }

        /** Stops failing and empties the store. */
        private void startAfresh() {
            failing.set(false);
            charged.forEach(charge -> reset(charge.limit(), charge.key()));
        }

        private void check() {
            if (failing.get()) {
                throw new StoreUnavailableException("not reachable", null);
            }
        }
    }
}
