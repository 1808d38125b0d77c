package io.ratelimit.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.resilience4j.ratelimiter.RequestNotPermitted;
import io.github.resilience4j.ratelimiter.annotation.RateLimiter;
import io.ratelimit.RateLimitExceededException;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.annotation.RateLimited;
import org.junit.jupiter.api.Test;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** One application with this starter and with Resilience4j's. */
class BesideResilience4jTests {

    private static final String[] PROPERTIES = {
        "--spring.main.banner-mode=off",
        "--ratelimit.store=memory",
        "--ratelimit.limits.ours=2/1h",
        "--resilience4j.ratelimiter.instances.theirs.limit-for-period=1",
        "--resilience4j.ratelimiter.instances.theirs.limit-refresh-period=1h",
        "--resilience4j.ratelimiter.instances.theirs.timeout-duration=0s"
    };

    @Test
    void bothStartAndLimitTheirOwnMethods() {
        try (ConfigurableApplicationContext context = start()) {
            Shop shop = context.getBean(Shop.class);
            shop.ours();
            shop.ours();
            assertThatExceptionOfType(RateLimitExceededException.class).isThrownBy(shop::ours);
            shop.theirs();
            assertThatExceptionOfType(RequestNotPermitted.class).isThrownBy(shop::theirs);
        }
    }

    @Test
    void aMethodMayHaveALimitOfEach() {
        try (ConfigurableApplicationContext context = start()) {
            Shop shop = context.getBean(Shop.class);
            shop.both();
            assertThatExceptionOfType(RequestNotPermitted.class).isThrownBy(shop::both);
            assertThatExceptionOfType(RateLimitExceededException.class).isThrownBy(shop::both);
        }
    }

    @Test
    void theirRegistriesHaveDifferentNames() {
        try (ConfigurableApplicationContext context = start()) {
            assertThat(context.getBean("rateLimitRegistry")).isInstanceOf(RateLimiterRegistry.class);
            assertThat(context.getBean("rateLimiterRegistry"))
                    .isInstanceOf(io.github.resilience4j.ratelimiter.RateLimiterRegistry.class);
        }
    }

    private static ConfigurableApplicationContext start() {
        return new SpringApplicationBuilder(Application.class)
                .web(WebApplicationType.NONE)
                .run(PROPERTIES);
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Application {

        @Bean
        Shop shop() {
            return new Shop();
        }
    }

    public static class Shop {

        @RateLimited("ours")
        public void ours() {}

        @RateLimiter(name = "theirs")
        public void theirs() {}

        @RateLimited("ours")
        @RateLimiter(name = "theirs")
        public void both() {}
    }
}
