package io.ratelimit.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.RateLimitExceededException;
import io.ratelimit.RateLimitStore;
import io.ratelimit.annotation.RateLimited;
import io.ratelimit.aop.RateLimitAopAutoConfiguration;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.beans.BeansException;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.util.TestPropertyValues;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.NestedExceptionUtils;

/** An application without one of the optional libraries. */
@Tag("slow")
class OptionalLibraryTests {

    @ParameterizedTest(name = "{0}")
    @CsvSource(quoteCharacter = '"', delimiter = ',', textBlock = """
            spring-data-redis|spring-boot-data-redis, org.springframework.data.redis.connection.RedisConnectionFactory, memory
            lettuce-,                                 io.lettuce.core.RedisClient,                                      redis
            jedis-,                                   redis.clients.jedis.Jedis,                                        redis
            micrometer-core,                          io.micrometer.core.instrument.MeterRegistry,                      redis
            spring-boot-actuator,                     org.springframework.boot.actuate.endpoint.annotation.Endpoint,    redis
            spring-boot-health,                       org.springframework.boot.health.contributor.HealthIndicator,      redis
            spring-web|spring-security-web,           org.springframework.http.ProblemDetail,                           redis
            spring-graphql|graphql-java,              org.springframework.graphql.execution.GraphQlSource,              redis
            spring-webmvc,                            org.springframework.web.servlet.DispatcherServlet,                redis
            spring-security-,                         org.springframework.security.authentication.ProviderManager,      redis
            jakarta.servlet|tomcat-embed|jetty-,      jakarta.servlet.Filter,                                           redis
            aspectj,                                  org.aspectj.weaver.Advice,                                        redis
            reactor-|reactive-streams|lettuce-,       reactor.core.publisher.Mono,                                      redis
            kotlin,                                   kotlin.Metadata,                                                  redis
            netty-|reactor-netty|lettuce-,            io.netty.util.concurrent.FastThreadLocalThread,                   redis
            context-prop|slf4j-|logback-|log4j-|jul-, org.slf4j.MDC,                                                    redis
            """)
    void limitsWithoutIt(String jars, String absent, String store) throws Exception {
        try (ReducedClassPath classPath = ReducedClassPath.without(jars, absent)) {
            assertThat(classPath.call(Application.class)).isEqualTo("2 of 5 by " + store);
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(quoteCharacter = '"', delimiter = ',', textBlock = """
            reactor-|reactive-streams|lettuce-, reactor.core.publisher.Mono
            kotlin-reflect,                     kotlin.reflect.full.KClasses
            kotlinx-coroutines-react,           kotlinx.coroutines.reactor.MonoKt
            """)
    void reportsThatSuspendFunctionsAndFlowsNeedTheLibrary(String jars, String absent) throws Exception {
        try (ReducedClassPath classPath = ReducedClassPath.without(jars, absent)) {
            for (String shop : List.of("SuspendingShop", "FlowingShop")) {
                assertThat(classPath.call(KotlinApplication.class, "io.ratelimit.autoconfigure." + shop))
                        .asString()
                        .contains(shop + "#find(String)")
                        .contains("add org.jetbrains.kotlinx:kotlinx-coroutines-reactor");
            }
        }
    }

    @Test
    void findsFallbacksWithValueClassesByTheirNameWithoutKotlinReflect() throws Exception {
        try (ReducedClassPath classPath = ReducedClassPath.without("kotlin-reflect", "kotlin.reflect.full.KClasses")) {
            assertThat(classPath.call(KotlinApplication.class, "io.ratelimit.autoconfigure.ValueClassShop"))
                    .isEqualTo("started");
            assertThat(classPath.call(KotlinApplication.class, "io.ratelimit.autoconfigure.AmbiguousShop"))
                    .asString()
                    .contains("AmbiguousShop#find(String): fallback \"answer\": several functions with this name fit")
                    .endsWith("add org.jetbrains.kotlin:kotlin-reflect, or give the fallback a name of its own");
        }
    }

    /** Starts an application with a bean, and returns why it fails. */
    public record KotlinApplication(String bean) implements Callable<String> {

        @Override
        public String call() throws Exception {
            Class<?> type = Class.forName(bean);
            try (var context = new AnnotationConfigApplicationContext()) {
                TestPropertyValues.of("ratelimit.limits.search=2/1h").applyTo(context);
                context.register(
                        AopAutoConfiguration.class,
                        RateLimitAutoConfiguration.class,
                        RateLimitAopAutoConfiguration.class,
                        type);
                context.refresh();
                return "started";
            } catch (BeansException ex) {
                return String.valueOf(ex.getMostSpecificCause().getMessage());
            }
        }
    }

    @Test
    void doesNotStartInAspectjModeWithoutAspectJ() throws Exception {
        try (ReducedClassPath classPath = ReducedClassPath.without("aspectj", "org.aspectj.lang.ProceedingJoinPoint")) {
            assertThat(classPath.call(AspectjMode.class))
                    .isEqualTo("Invalid property ratelimit.aop.mode = \"aspectj\": AspectJ is not on the class path; "
                            + "add spring-boot-starter-aspectj, or use proxy");
        }
    }

    /** Returns why an application in AspectJ mode fails to start. */
    public static final class AspectjMode implements Callable<String> {

        @Override
        public String call() {
            try (var context = new SpringApplicationBuilder(Wiring.class)
                    .web(WebApplicationType.NONE)
                    .properties("spring.main.banner-mode=off", "ratelimit.aop.mode=aspectj")
                    .run()) {
                return "started " + context;
            } catch (RuntimeException ex) {
                return NestedExceptionUtils.getMostSpecificCause(ex).getMessage();
            }
        }
    }

    /** Counts the calls that are admitted while Redis is not available. */
    public static final class Application implements Callable<String> {

        @Override
        public String call() {
            try (var context = new SpringApplicationBuilder(Wiring.class)
                    .web(WebApplicationType.NONE)
                    .properties(
                            "spring.main.banner-mode=off",
                            "spring.data.redis.port=1",
                            "ratelimit.redis.timeout=100ms",
                            "ratelimit.limits.search=2/1h")
                    .run()) {
                int admitted = 0;
                for (int i = 0; i < 5; i++) {
                    try {
                        context.getBean(Shop.class).search("ann");
                        admitted++;
                    } catch (RateLimitExceededException ex) {
                        assertThat(ex.getLimit()).isEqualTo("search");
                    }
                }
                return admitted + " of 5 by "
                        + context.getBean(RateLimitStore.class).name();
            }
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Wiring {

        @Bean
        Shop shop() {
            return new Shop();
        }
    }

    public static class Shop {

        @RateLimited(limit = "search", key = "#user")
        public String search(String user) {
            return "found";
        }
    }
}
