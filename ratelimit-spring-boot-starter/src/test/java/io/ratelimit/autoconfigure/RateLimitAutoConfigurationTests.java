package io.ratelimit.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.MeterRegistry;
import io.ratelimit.Decision;
import io.ratelimit.DecisionSource;
import io.ratelimit.EmptyKeyException;
import io.ratelimit.Limit;
import io.ratelimit.RateLimitExceededException;
import io.ratelimit.RateLimitListener;
import io.ratelimit.RateLimitStore;
import io.ratelimit.RateLimiter;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.UnknownLimitException;
import io.ratelimit.actuate.RateLimitEndpointAutoConfiguration;
import io.ratelimit.actuate.RateLimitsEndpoint;
import io.ratelimit.annotation.RateLimited;
import io.ratelimit.aop.RateLimitAopAutoConfiguration;
import io.ratelimit.expression.InvalidCallException;
import io.ratelimit.http.RateLimitExceptionHandler;
import io.ratelimit.http.RateLimitHttpAutoConfiguration;
import io.ratelimit.memory.InMemoryRateLimitStore;
import io.ratelimit.metrics.RateLimitMetricsAutoConfiguration;
import io.ratelimit.redis.RateLimitRedisAutoConfiguration;
import io.ratelimit.redis.RedisRateLimitStore;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.aop.support.AopUtils;
import org.springframework.beans.factory.support.RootBeanDefinition;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.MetricsAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.export.simple.SimpleMetricsExportAutoConfiguration;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.context.runner.WebApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.core.Ordered;

/** The beans of the starter, and those that an application can replace. */
@Tag("compatibility")
@ExtendWith(OutputCaptureExtension.class)
class RateLimitAutoConfigurationTests {

    private static final AutoConfigurations OURS = AutoConfigurations.of(
            AopAutoConfiguration.class,
            RateLimitAutoConfiguration.class,
            RateLimitAopAutoConfiguration.class,
            RateLimitRedisAutoConfiguration.class,
            RateLimitMetricsAutoConfiguration.class,
            RateLimitEndpointAutoConfiguration.class,
            RateLimitHttpAutoConfiguration.class);

    private final ApplicationContextRunner application = new ApplicationContextRunner()
            .withConfiguration(OURS)
            .withBean(Shop.class)
            .withPropertyValues("ratelimit.limits.search=2/1h");

    private final AutoConfigurations meters =
            AutoConfigurations.of(MetricsAutoConfiguration.class, SimpleMetricsExportAutoConfiguration.class);

    private final ApplicationContextRunner withRedis =
            application.withConfiguration(AutoConfigurations.of(DataRedisAutoConfiguration.class));

    @Test
    void limitsAnAnnotatedMethodInMemoryWithNothingButALimit() {
        application.run(context -> {
            assertThat(limited(context)).isEqualTo(2);
            assertThat(context.getBean(RateLimitStore.class)).isInstanceOf(InMemoryRateLimitStore.class);
        });
    }

    @Test
    void makesNoBeanTooEarlyForItsPostProcessors(CapturedOutput output) {
        withRedis.withConfiguration(meters).run(context -> limited(context));
        assertThat(output).doesNotContain("is not eligible for getting processed");
    }

    @Test
    void keepsBucketsInRedisAsSoonAsThereIsAConnectionFactory() {
        withRedis.run(context ->
                assertThat(context.getBean(RateLimitStore.class).name()).isEqualTo("redis"));
    }

    @Test
    void keepsBucketsInMemoryDespiteAConnectionFactoryIfConfigured() {
        withRedis
                .withPropertyValues("ratelimit.store=memory")
                .run(context -> assertThat(context)
                        .doesNotHaveBean(RedisRateLimitStore.class)
                        .hasNotFailed());
    }

    @Test
    void doesNotStartIfRedisIsWantedAndThereIsNoConnectionFactory() {
        application
                .withPropertyValues("ratelimit.store=redis")
                .run(context -> assertThat(context)
                        .getFailure()
                        .rootCause()
                        .hasMessage(
                                "Invalid property ratelimit.store = \"redis\": there is no Redis connection factory; "
                                        + "add spring-boot-starter-data-redis, or use memory"));
    }

    @Test
    void doesNotStartIfRedisIsRequiredAtStartupAndThereIsNoConnectionFactory() {
        application
                .withPropertyValues("ratelimit.redis.require-at-startup=true")
                .run(context -> assertThat(context)
                        .getFailure()
                        .rootCause()
                        .isInstanceOf(InvalidRateLimitPropertyException.class)
                        .hasMessage("Invalid property ratelimit.redis.require-at-startup = \"true\": there is no Redis"
                                + " connection factory; add spring-boot-starter-data-redis, or drop the property"));
        application
                .withPropertyValues("ratelimit.redis.require-at-startup=true", "ratelimit.store=memory")
                .run(context -> assertThat(context).hasNotFailed());
    }

    @Test
    void startsWhileRedisIsAwayAndAnswersByThePolicyOfEachLimit() {
        withRedis
                .withPropertyValues(
                        "spring.data.redis.port=1",
                        "ratelimit.redis.timeout=100ms",
                        "ratelimit.limits.open.rates=1/1h",
                        "ratelimit.limits.open.on-store-failure=allow",
                        "ratelimit.limits.closed.rates=1/1h",
                        "ratelimit.limits.closed.on-store-failure=deny")
                .run(context -> {
                    RateLimiterRegistry registry = context.getBean(RateLimiterRegistry.class);
                    assertThat(List.of(ask(registry, "search"), ask(registry, "search"), ask(registry, "search")))
                            .extracting(Decision::admitted)
                            .containsExactly(true, true, false);
                    assertThat(ask(registry, "search").source()).isEqualTo(DecisionSource.LOCAL);
                    assertThat(List.of(ask(registry, "open"), ask(registry, "open")))
                            .allMatch(Decision::admitted)
                            .extracting(Decision::source)
                            .containsOnly(DecisionSource.POLICY);
                    assertThat(ask(registry, "closed").admitted()).isFalse();
                });
    }

    @Test
    void admitsEverythingAndKeepsItsBeansWhenSwitchedOff() {
        application.withPropertyValues("ratelimit.enabled=false").run(context -> {
            assertThat(context.getBean(RateLimitStore.class)).isInstanceOf(InMemoryRateLimitStore.class);
            assertThat(AopUtils.isAopProxy(context.getBean(Shop.class))).isTrue();
            for (int i = 0; i < 5; i++) {
                assertThat(context.getBean(Shop.class).search(null)).isEqualTo("found");
            }
            Decision decision = ask(context.getBean(RateLimiterRegistry.class), "search");
            assertThat(decision.source()).isEqualTo(DecisionSource.DISABLED);
        });
    }

    @Test
    void takesLimitBeansAndListenerBeans() {
        List<Decision> heard = new ArrayList<>();
        application
                .withBean(Limit.class, () -> Limit.of("mine", "1/1h"))
                .withBean(RateLimitListener.class, () -> new RateLimitListener() {
                    @Override
                    public void onDecision(Decision decision) {
                        heard.add(decision);
                    }
                })
                .run(context -> {
                    ask(context.getBean(RateLimiterRegistry.class), "mine");
                    assertThat(heard)
                            .singleElement()
                            .satisfies(
                                    decision -> assertThat(decision.admitted()).isTrue());
                });
    }

    @ParameterizedTest
    @ValueSource(strings = {"ratelimit.limits.plan-free=9/s", "ratelimit.limits.planfree.max-wait=1s"})
    void aPropertyOfALimitThatIsABeanStopsTheStartAlsoIfItWritesTheNameOtherwise(String property) {
        application
                .withBean(Limit.class, () -> Limit.of("plan-free", "1/1h"))
                .withPropertyValues(property)
                .run(context -> assertThat(context.getStartupFailure())
                        .rootCause()
                        .isInstanceOf(InvalidRateLimitPropertyException.class)
                        .hasMessageContaining("Invalid property ratelimit.limits.plan")
                        .hasMessageContaining("the limit \"plan-free\" is a Limit bean")
                        .hasMessageContaining("drop the property, or drop the bean"));
    }

    @Test
    void usesAStoreBeanInPlaceOfItsOwnAndMakesNoneBesideIt() throws IOException {
        InMemoryRateLimitStore mine = InMemoryRateLimitStore.create();
        try (ServerSocket listener = new ServerSocket(0)) {
            withRedis
                    .withConfiguration(meters)
                    .withBean("rateLimitStore", RateLimitStore.class, () -> mine)
                    .withPropertyValues("spring.data.redis.port=" + listener.getLocalPort())
                    .run(context -> {
                        assertThat(context.getBean(RateLimiterRegistry.class).store())
                                .isSameAs(mine);
                        assertThat(limited(context)).isEqualTo(2);
                        assertThat(context).hasSingleBean(RateLimitStore.class);
                        assertThat(isConnected(listener)).isFalse();
                        assertThat(context.getBean(MeterRegistry.class)
                                        .find("ratelimit.keys")
                                        .meters())
                                .isEmpty();
                    });
        }
    }

    @Test
    void makesItsOwnStoreBesideOneThatIsNoDefaultCandidate() {
        RootBeanDefinition hidden =
                new RootBeanDefinition(InMemoryRateLimitStore.class, InMemoryRateLimitStore::create);
        hidden.setDefaultCandidate(false);
        withRedis
                .withInitializer(
                        context -> ((GenericApplicationContext) context).registerBeanDefinition("hidden", hidden))
                .run(context ->
                        assertThat(context.getBean(RateLimitStore.class).name()).isEqualTo("redis"));
    }

    @Test
    void connectsToNoRedisWhenSwitchedOff() throws IOException {
        try (ServerSocket listener = new ServerSocket(0)) {
            ApplicationContextRunner listened =
                    withRedis.withPropertyValues("spring.data.redis.port=" + listener.getLocalPort());
            listened.withPropertyValues("ratelimit.enabled=false", "ratelimit.store=redis")
                    .run(context -> {
                        assertThat(ask(context.getBean(RateLimiterRegistry.class), "search")
                                        .source())
                                .isEqualTo(DecisionSource.DISABLED);
                        assertThat(context).hasBean("rateLimitStore").doesNotHaveBean(RedisRateLimitStore.class);
                        assertThat(isConnected(listener)).isFalse();
                    });
            listened.run(context -> assertThat(isConnected(listener)).isTrue());
        }
    }

    @Test
    void closesItsStoreWithTheApplication() {
        Set<Thread> before = Thread.getAllStackTraces().keySet();
        application.run(context -> {
            limited(context);
            assertThat(sweepersSince(before)).isNotEmpty();
        });
        await().untilAsserted(() -> assertThat(sweepersSince(before)).isEmpty());
    }

    @Test
    void countsCallsInMetersThatAreThereFromTheBeginning() {
        application.withConfiguration(meters).run(context -> {
            MeterRegistry meters = context.getBean(MeterRegistry.class);
            assertThat(rejected(meters)).isZero();
            limited(context);
            assertThat(rejected(meters)).isEqualTo(3);
            assertThat(meters.get("ratelimit.keys").gauge().value()).isOne();
        });
    }

    @Test
    void timesTheStoreAndCountsReplacedValuesOnRedisOnly() {
        withRedis.withConfiguration(meters).run(context -> {
            MeterRegistry meters = context.getBean(MeterRegistry.class);
            assertThat(meters.get("ratelimit.store").tag("store", "redis").timers())
                    .hasSize(2);
            assertThat(meters.get("ratelimit.redis.healed").functionCounter().count())
                    .isZero();
            assertThat(meters.get("ratelimit.redis.returned").functionCounter().count())
                    .isZero();
            assertThat(meters.get("ratelimit.prefetched").gauge().value()).isZero();
        });
        application
                .withConfiguration(meters)
                .run(context -> assertThat(context.getBean(MeterRegistry.class)
                                .find("ratelimit.store")
                                .timers())
                        .isEmpty());
    }

    @Test
    void showsTheEndpointOnlyIfItIsExposed() {
        application.run(context -> assertThat(context).doesNotHaveBean(RateLimitsEndpoint.class));
        new WebApplicationContextRunner()
                .withConfiguration(OURS)
                .withPropertyValues("management.endpoints.web.exposure.include=ratelimits")
                .run(context -> assertThat(context).hasSingleBean(RateLimitsEndpoint.class));
    }

    @Test
    void answersOverHttpInWebApplicationsOnly() {
        application.run(context -> assertThat(context).doesNotHaveBean(RateLimitExceptionHandler.class));
        new WebApplicationContextRunner()
                .withConfiguration(OURS)
                .run(context -> assertThat(context).hasSingleBean(RateLimitExceptionHandler.class));
    }

    @Test
    void appliesTheAdviceBehindMethodSecurityOrInTheConfiguredOrder() {
        application.run(context -> assertThat(
                        context.getBean("rateLimitAdvisor", Ordered.class).getOrder())
                .isEqualTo(700));
        application
                .withPropertyValues("ratelimit.aop.order=first")
                .run(context -> assertThat(context.getBean("rateLimitAdvisor", Ordered.class)
                                .getOrder())
                        .isEqualTo(Ordered.HIGHEST_PRECEDENCE));
        application
                .withPropertyValues("ratelimit.aop.order=7")
                .run(context -> assertThat(context.getBean("rateLimitAdvisor", Ordered.class)
                                .getOrder())
                        .isEqualTo(7));
    }

    @Test
    void startsWithAnAnnotationThatHasNoEffectOnlyIfThePropertySaysSo() {
        application
                .withUserConfiguration(FinalShop.class)
                .run(context -> assertThat(context)
                        .getFailure()
                        .rootCause()
                        .hasMessageContaining("FinalShop#search()")
                        .hasMessageContaining("its class is final"));
        application
                .withUserConfiguration(FinalShop.class)
                .withPropertyValues("ratelimit.aop.ineffective=warn")
                .run(context -> assertThat(context).hasNotFailed());
    }

    @Test
    void doesNotStartInAspectjModeWhereAnAnnotatedBeanWasNotWoven() {
        ApplicationContextRunner aspectj = application.withPropertyValues("ratelimit.aop.mode=aspectj");
        aspectj.run(context -> assertThat(context)
                .getFailure()
                .rootCause()
                .hasMessage("Invalid @RateLimited on " + Shop.class.getName() + "#search(String): method \"search\": "
                        + "AspectJ did not weave " + Shop.class.getName() + ", and with ratelimit.aop.mode=aspectj "
                        + "nothing else limits it; start with -javaagent:aspectjweaver.jar, or weave it when it is "
                        + "compiled, or set ratelimit.aop.mode=proxy"));
        aspectj.withPropertyValues("ratelimit.enabled=false")
                .run(context ->
                        assertThat(context.getBean(Shop.class).search(null)).isEqualTo("found"));
    }

    @Test
    void rejectsAnEmptyKeyUnlessConfiguredToShareABucket() {
        application.run(
                context -> assertThatThrownBy(() -> context.getBean(Shop.class).search(null))
                        .isInstanceOf(EmptyKeyException.class));
        application.withPropertyValues("ratelimit.empty-key=shared").run(context -> {
            Shop shop = context.getBean(Shop.class);
            shop.search(null);
            shop.search(" ");
            assertThatThrownBy(() -> shop.search("")).isInstanceOf(RateLimitExceededException.class);
            assertThat(shop.search("ann")).isEqualTo("found");
        });
    }

    @Test
    void rejectsAnUndefinedComputedLimitUnlessConfiguredToIgnoreIt() {
        ApplicationContextRunner choosing = application.withBean(Plans.class);
        choosing.run(
                context -> assertThatThrownBy(() -> context.getBean(Plans.class).use("serch"))
                        .isInstanceOf(InvalidCallException.class)
                        .hasMessageContaining("gave the name of a limit that is not defined"));
        choosing.withPropertyValues("ratelimit.unknown-limit=unlimited").run(context -> {
            Plans plans = context.getBean(Plans.class);
            for (int i = 0; i < 5; i++) {
                plans.use("serch");
            }
            plans.use("search");
            plans.use("search");
            assertThatThrownBy(() -> plans.use("search")).isInstanceOf(RateLimitExceededException.class);
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"ratelimit.unknown-limit=unlimited", "ratelimit.enabled=false"})
    void theRegistryFailsForAnUndefinedLimitUnlessConfiguredToIgnoreIt(String property) {
        application.run(context -> assertThatThrownBy(
                        () -> context.getBean(RateLimiterRegistry.class).get("serch"))
                .isInstanceOf(UnknownLimitException.class));
        application.withPropertyValues(property).run(context -> {
            RateLimiterRegistry registry = context.getBean(RateLimiterRegistry.class);
            RateLimiter early = registry.get("serch");
            for (int i = 0; i < 5; i++) {
                assertThat(early.tryAcquire("ann").admitted()).isTrue();
            }
            assertThat(registry.find("serch")).isEmpty();
            registry.define(Limit.of("serch", "1/1h"));
            early.tryAcquire("ann");
            assertThat(early.tryAcquire("ann").admitted()).isEqualTo(property.endsWith("enabled=false"));
        });
    }

    @Test
    void anAnnotationThatNamesAnUndefinedLimitStopsTheStartEvenIfSuchLimitsAreUnlimited() {
        application
                .withBean(Misspelt.class)
                .withPropertyValues("ratelimit.unknown-limit=unlimited")
                .run(context ->
                        assertThat(context.getStartupFailure()).rootCause().isInstanceOf(UnknownLimitException.class));
    }

    @Test
    void calendarWindowsInMemoryEndWithTheirCalendarUnit() {
        application
                .withPropertyValues(
                        "ratelimit.limits.hourly.rates=5/1h",
                        "ratelimit.limits.hourly.algorithm=fixed-window",
                        "ratelimit.limits.hourly.calendar=hour")
                .run(context -> {
                    long before = Instant.now().toEpochMilli();
                    Decision decision = context.getBean(RateLimiterRegistry.class)
                            .get("hourly")
                            .tryAcquire("ann");
                    long end = before + decision.statuses().get(0).resetAfter().toMillis();
                    assertThat(Duration.ofMillis(end % Duration.ofHours(1).toMillis()))
                            .satisfiesAnyOf(
                                    rest -> assertThat(rest).isLessThan(Duration.ofSeconds(5)),
                                    rest -> assertThat(rest)
                                            .isGreaterThan(
                                                    Duration.ofMinutes(60).minusSeconds(5)));
                });
    }

    @Test
    void boundsTheKeysInMemory() {
        application.withPropertyValues("ratelimit.memory.max-keys=10").run(context -> {
            RateLimiterRegistry registry = context.getBean(RateLimiterRegistry.class);
            for (int i = 0; i < 100; i++) {
                registry.get("search").tryAcquire("user-" + i, 2);
            }
            assertThat(((InMemoryRateLimitStore) context.getBean(RateLimitStore.class)).keys())
                    .isEqualTo(10);
        });
    }

    private static int limited(AssertableApplicationContext context) {
        int admitted = 0;
        for (int i = 0; i < 5; i++) {
            try {
                context.getBean(Shop.class).search("ann");
                admitted++;
            } catch (RateLimitExceededException ex) {
                assertThat(ex.getLimit()).isEqualTo("search");
            }
        }
        return admitted;
    }

    private static double rejected(MeterRegistry meters) {
        return meters.get("ratelimit.decisions")
                .tags("limit", "search", "outcome", "rejected", "source", "store")
                .functionCounter()
                .count();
    }

    private static Decision ask(RateLimiterRegistry registry, String limit) {
        return registry.get(limit).tryAcquire("ann");
    }

    private static List<Thread> sweepersSince(Set<Thread> before) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> !before.contains(thread))
                .filter(thread -> thread.getName().equals("ratelimit-sweeper"))
                .toList();
    }

    private static boolean isConnected(ServerSocket listener) throws IOException {
        listener.setSoTimeout(1_000);
        try (Socket client = listener.accept()) {
            return client.isConnected();
        } catch (SocketTimeoutException ex) {
            return false;
        }
    }

    public static class Plans {

        @RateLimited(limitExpression = "#plan")
        public void use(String plan) {}
    }

    public static class Misspelt {

        @RateLimited("serch")
        public void search() {}
    }

    public static class Shop {

        @RateLimited(limit = "search", key = "#user")
        public String search(String user) {
            return "found";
        }
    }

    static final class FinalShop {

        @RateLimited("search")
        public void search() {}
    }
}
