package io.ratelimit.aop;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.ratelimit.annotation.RateLimited;
import io.ratelimit.autoconfigure.RateLimitAutoConfiguration;
import io.ratelimit.metrics.RateLimitMetricsAutoConfiguration;
import java.lang.management.ManagementFactory;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

/** The bytes that one call of a method with one limit allocates. The bounds are those of code without optimizations. */
class PlainCallTests {

    private static final int CALLS = 1_000;

    private final ApplicationContextRunner application = new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(
                    AopAutoConfiguration.class,
                    RateLimitAutoConfiguration.class,
                    RateLimitAopAutoConfiguration.class,
                    RateLimitMetricsAutoConfiguration.class))
            .withBean(MeterRegistry.class, SimpleMeterRegistry::new)
            .withUserConfiguration(Shop.class)
            .withPropertyValues("ratelimit.store=memory", "ratelimit.limits.many=1000000/s");

    @Test
    void makesLittleMoreThanTheProxyAndTheDecision() {
        application.run(context -> {
            Shop shop = context.getBean(Shop.class);
            Order order = new Order("ann", 250);
            assertThat(bytes(() -> shop.byParameter("ann"))).isLessThanOrEqualTo(304);
            assertThat(bytes(() -> shop.byProperty(order))).isLessThanOrEqualTo(336);
            assertThat(bytes(() -> shop.byCost(order))).isLessThanOrEqualTo(384);
        });
    }

    private static long bytes(Runnable call) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        return LongStream.range(0, 10)
                        .map(round -> {
                            long before = threads.getThreadAllocatedBytes(
                                    Thread.currentThread().getId());
                            for (int i = 0; i < CALLS; i++) {
                                call.run();
                            }
                            return threads.getThreadAllocatedBytes(
                                            Thread.currentThread().getId())
                                    - before;
                        })
                        .min()
                        .orElseThrow()
                / CALLS;
    }

    public record Order(String user, int rows) {}

    static class Shop {

        @RateLimited(limit = "many", key = "#user")
        public String byParameter(String user) {
            return user;
        }

        @RateLimited(limit = "many", key = "#order.user")
        public String byProperty(Order order) {
            return order.user();
        }

        @RateLimited(limit = "many", key = "#order.user", costExpression = "#order.rows / 1000.0")
        public String byCost(Order order) {
            return order.user();
        }
    }
}
