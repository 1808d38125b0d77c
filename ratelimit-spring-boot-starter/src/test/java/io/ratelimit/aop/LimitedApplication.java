package io.ratelimit.aop;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.Charge;
import io.ratelimit.Limit;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.autoconfigure.RateLimitSettings;
import io.ratelimit.memory.InMemoryRateLimitStore;
import java.time.Duration;
import java.util.List;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.AdviceMode;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Role;
import org.springframework.core.env.Environment;

/** An application with limits in memory and a fixed clock. */
final class LimitedApplication {

    private LimitedApplication() {}

    static ApplicationContextRunner with(Class<?>... beans) {
        ApplicationContextRunner runner = new ApplicationContextRunner()
                .withConfiguration(AutoConfigurations.of(AopAutoConfiguration.class))
                .withUserConfiguration(Wiring.class);
        for (Class<?> bean : beans) {
            runner = runner.withUserConfiguration(bean);
        }
        return runner;
    }

    /** Returns the mistake because of which an application did not start. */
    static InvalidRateLimitedException mistake(AssertableApplicationContext context) {
        assertThat(context).hasFailed();
        for (Throwable cause = context.getStartupFailure(); cause != null; cause = cause.getCause()) {
            if (cause instanceof InvalidRateLimitedException mistake) {
                return mistake;
            }
        }
        throw new AssertionError("No mistake", context.getStartupFailure());
    }

    /** Returns the tokens consumed from a bucket so far. */
    static double taken(ApplicationContext context, String limit, String key) {
        var limiter = context.getBean(RateLimiterRegistry.class).get(limit);
        return (limiter.limit().capacity() - Math.round(limiter.peek(key).remaining() * 1000)) / 1000.0;
    }

    static double taken(ApplicationContext context, String limit) {
        return taken(context, limit, Charge.SHARED);
    }

    @Configuration(proxyBeanMethods = false)
    static class Wiring {

        @Bean
        RateLimiterRegistry rateLimitRegistry() {
            RateLimiterRegistry registry =
                    new RateLimiterRegistry(InMemoryRateLimitStore.create(() -> 0, 1000), List.of());
            registry.define(Limit.of("default", "3/h"));
            registry.define(Limit.of("one", "1/h"));
            registry.define(Limit.of("ten", "10/h"));
            registry.define(Limit.of("other", "10/h"));
            registry.define(Limit.of("many", "1000000/h"));
            registry.define(Limit.named("single")
                    .maxConcurrent(1, Duration.ofSeconds(30))
                    .build());
            registry.define(Limit.named("dear")
                    .rates("10/h")
                    .cost(new java.math.BigDecimal("2.5"))
                    .build());
            return registry;
        }

        @Bean
        @Role(BeanDefinition.ROLE_INFRASTRUCTURE)
        static RateLimitedMethodRegistry rateLimitedMethods(
                ConfigurableListableBeanFactory beanFactory, ObjectProvider<RateLimiterRegistry> registry) {
            return new RateLimitedMethodRegistry(beanFactory, registry);
        }

        @Bean
        @Role(BeanDefinition.ROLE_INFRASTRUCTURE)
        static RateLimitAdvisor rateLimitAdvisor(
                RateLimitedMethodRegistry methods,
                ObjectProvider<RateLimiterRegistry> registry,
                ObjectProvider<ContinuationSettings> continuations,
                ConfigurableListableBeanFactory beans,
                Environment environment) {
            return new RateLimitAdvisor(
                    methods,
                    registry,
                    () -> settings(environment),
                    new MethodSecurityAdvisors(beans),
                    continuations::getObject);
        }

        @Bean
        @Role(BeanDefinition.ROLE_INFRASTRUCTURE)
        static SubscriberInvocationAdvisor subscriberInvocationAdvisor(
                RateLimitedMethodRegistry methods, ConfigurableListableBeanFactory beans) {
            return new SubscriberInvocationAdvisor(methods, new MethodSecurityAdvisors(beans));
        }

        private static AdviceSettings settings(Environment environment) {
            return new AdviceSettings(
                    new RateLimitSettings(
                            environment.getProperty("enabled", boolean.class, true),
                            environment.getProperty("empty-key", "REFUSE").equals("SHARED"),
                            environment.getProperty("unknown-limit", "FAIL").equals("UNLIMITED")),
                    environment.getProperty("mode", AdviceMode.class, AdviceMode.PROXY),
                    environment.getProperty("order", Integer.class),
                    environment.getProperty("ineffective", IneffectivePolicy.class, IneffectivePolicy.FAIL));
        }

        @Bean
        @Role(BeanDefinition.ROLE_INFRASTRUCTURE)
        static EarlyBeanRecorder earlyBeanRecorder() {
            return new EarlyBeanRecorder();
        }

        @Bean
        @Role(BeanDefinition.ROLE_INFRASTRUCTURE)
        static LimitedProxyRecorder limitedProxyRecorder() {
            return new LimitedProxyRecorder();
        }

        @Bean
        @Role(BeanDefinition.ROLE_INFRASTRUCTURE)
        static RateLimitedBeanPostProcessor rateLimitedBeanPostProcessor(
                ConfigurableListableBeanFactory beans,
                RateLimitedMethodRegistry methods,
                EarlyBeanRecorder early,
                LimitedProxyRecorder proxies,
                Environment environment) {
            return new RateLimitedBeanPostProcessor(beans, methods, early, proxies, () -> settings(environment));
        }
    }
}
