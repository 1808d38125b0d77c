package io.ratelimit.actuate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.springframework.aot.hint.predicate.RuntimeHintsPredicates.reflection;

import io.ratelimit.Limit;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.UnknownLimitPolicy;
import io.ratelimit.actuate.RateLimitsEndpoint.LimitStatus;
import io.ratelimit.actuate.RateLimitsEndpoint.Overview;
import io.ratelimit.actuate.RateLimitsEndpoint.Problem;
import io.ratelimit.actuate.RateLimitsEndpointResponses.FailingStore;
import io.ratelimit.annotation.RateLimited;
import io.ratelimit.aop.RateLimitAopAutoConfiguration;
import io.ratelimit.autoconfigure.RateLimitAutoConfiguration;
import java.io.Serializable;
import java.lang.reflect.Proxy;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.annotation.ReflectiveRuntimeHintsRegistrar;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.test.context.runner.WebApplicationContextRunner;

/** The endpoint over a remote store that no policy answers for, and in an application. */
class RateLimitsEndpointTests {

    private final FailingStore store = new FailingStore();
    private final RateLimiterRegistry registry = new RateLimiterRegistry(store, List.of());
    private final RateLimitsEndpoint endpoint = new RateLimitsEndpoint(registry, limit -> List.of(), List::of);

    @Test
    void requestsThatTheStoreCannotAnswerAreUnavailable() {
        registry.define(Limit.of("search", "4/s"));
        store.fail();

        assertThat(List.of(
                        endpoint.limit("search", null),
                        endpoint.limit("search", "a/b"),
                        endpoint.level("search", "a"),
                        endpoint.resetShared("search", null),
                        endpoint.reset("search", "a")))
                .allSatisfy(
                        response -> assertThat(response.getBody())
                                .isEqualTo(
                                        new Problem(
                                                "Store unavailable",
                                                503,
                                                "The store remote does not answer. A bucket may or may not have been reset. Try again later.")))
                .extracting(WebEndpointResponse::getStatus)
                .containsOnly(503);
        assertThat(endpoint.limits().store().state()).isEqualTo("down");
    }

    @Test
    void anUnknownLimitIsNotFoundEvenIfItsCallsAreUnlimited() {
        RateLimitsEndpoint unlimited = new RateLimitsEndpoint(
                new RateLimiterRegistry(store, List.of(), false, UnknownLimitPolicy.UNLIMITED),
                limit -> List.of(),
                List::of);

        assertThat(List.of(
                        unlimited.limit("search", null),
                        unlimited.level("search", "a"),
                        unlimited.resetShared("search", null),
                        unlimited.reset("search", "a")))
                .extracting(WebEndpointResponse::getStatus)
                .containsOnly(404);
    }

    @Test
    void inAnApplicationItNamesTheMethodsThatUseALimitAndThoseThatChooseOne() {
        new WebApplicationContextRunner()
                .withConfiguration(AutoConfigurations.of(
                        AopAutoConfiguration.class,
                        RateLimitAutoConfiguration.class,
                        RateLimitAopAutoConfiguration.class,
                        RateLimitEndpointAutoConfiguration.class))
                .withPropertyValues(
                        "management.endpoints.web.exposure.include=ratelimits",
                        "ratelimit.limits.gold=9/s",
                        "ratelimit.limits.silver=1/s",
                        "ratelimit.limits.other=1/s")
                .withBean(Shop.class)
                .run(context -> {
                    Overview overview =
                            context.getBean(RateLimitsEndpoint.class).limits();
                    String shop = Shop.class.getName();
                    assertThat(overview.choosing()).containsExactly(shop + "#offer(boolean)", shop + "#search(String)");
                    assertThat(overview.limits())
                            .extracting(LimitDescription::methods)
                            .containsExactly(
                                    List.of(shop + "#offer(boolean)"), List.of(), List.of(shop + "#offer(boolean)"));
                });
    }

    @Test
    void aNativeImageCanReadWhatIsAnswered() throws Exception {
        RuntimeHints hints = new RuntimeHints();

        new ReflectiveRuntimeHintsRegistrar().registerRuntimeHints(hints, RateLimitsEndpoint.class);

        assertThat(reflection().onMethodInvocation(KeyStatus.class.getDeclaredMethod("rates")))
                .accepts(hints);
        assertThat(reflection().onMethodInvocation(LimitStatus.class.getDeclaredMethod("level")))
                .accepts(hints);
        assertThat(reflection().onMethodInvocation(Problem.class.getDeclaredMethod("detail")))
                .accepts(hints);
        assertThat(reflection().onMethodInvocation(KeyStatus.RateLevelStatus.class.getDeclaredMethod("remaining")))
                .accepts(hints);
    }

    @Test
    void methodsOfABeanThatIsAProxyOfAnInterfaceAreListedByTheInterface() {
        new WebApplicationContextRunner()
                .withConfiguration(AutoConfigurations.of(
                        AopAutoConfiguration.class,
                        RateLimitAutoConfiguration.class,
                        RateLimitAopAutoConfiguration.class,
                        RateLimitEndpointAutoConfiguration.class))
                .withPropertyValues("management.endpoints.web.exposure.include=ratelimits", "ratelimit.limits.gold=9/s")
                .withBean(Orders.class, RateLimitsEndpointTests::generated)
                .run(context -> {
                    assertThat(context.getBean(Orders.class).find("a")).isEqualTo("found");
                    assertThat(context.getBean(RateLimitsEndpoint.class)
                                    .limits()
                                    .limits())
                            .extracting(LimitDescription::methods)
                            .containsExactly(List.of(
                                    Orders.class.getName() + "#find(String)",
                                    Orders.class.getName() + "#findByCustomer(String)"));
                });
    }

    /** Creates what a repository is: a proxy whose class has no name that a reader knows. */
    private static Orders generated() {
        return (Orders) Proxy.newProxyInstance(
                Orders.class.getClassLoader(),
                new Class<?>[] {Serializable.class, Orders.class},
                (proxy, method, arguments) ->
                        method.getDeclaringClass() == Object.class ? method.invoke(Orders.class, arguments) : "found");
    }

    interface Finder {

        @RateLimited("gold")
        String find(String id);
    }

    interface Orders extends Finder {

        @RateLimited("gold")
        String findByCustomer(String customer);
    }

    static class Shop {

        @RateLimited(limitExpression = "#pays ? 'gold' : 'silver'")
        public void offer(boolean pays) {}

        @RateLimited(limitExpression = "#plan")
        public void search(String plan) {}
    }
}
