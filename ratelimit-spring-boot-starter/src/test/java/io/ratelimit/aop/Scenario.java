package io.ratelimit.aop;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.Decision;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.autoconfigure.RateLimitAutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

/** Calls of a bean in an application with limits. */
@FunctionalInterface
interface Scenario<T> {

    void play(T bean, RateLimiterRegistry registry) throws Exception;

    /** Starts the application, and plays the scenario with its bean of a type. */
    default void runIn(ApplicationContextRunner application, Class<T> bean) {
        application.run(context -> {
            assertThat(context).hasNotFailed();
            play(context.getBean(bean), context.getBean(RateLimiterRegistry.class));
        });
    }

    /** {@return an application that the auto-configuration wires, with a bean of a type} */
    static ApplicationContextRunner application(Class<?> bean, String... properties) {
        return new ApplicationContextRunner()
                .withConfiguration(AutoConfigurations.of(
                        AopAutoConfiguration.class,
                        RateLimitAutoConfiguration.class,
                        RateLimitAopAutoConfiguration.class))
                .withPropertyValues(properties)
                .withBean(bean);
    }

    /** {@return whether another call of the limit "single" could run now} */
    static boolean isFree(RateLimiterRegistry registry) {
        Decision decision = registry.get("single").tryAcquire();
        registry.release(decision);
        return decision.admitted();
    }
}
