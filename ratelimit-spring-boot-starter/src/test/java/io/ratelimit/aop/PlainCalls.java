package io.ratelimit.aop;

import com.sun.management.ThreadMXBean;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.ratelimit.annotation.RateLimited;
import io.ratelimit.autoconfigure.RateLimitAutoConfiguration;
import io.ratelimit.metrics.RateLimitMetricsAutoConfiguration;
import java.lang.management.ManagementFactory;
import java.util.stream.LongStream;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

/** Prints the bytes that one call of each limited method allocates. */
public final class PlainCalls {

    static final String BYTES = "BYTES ";

    private static final int CALLS = 1_000;

    private PlainCalls() {}

    public static void main(String[] arguments) {
        new ApplicationContextRunner()
                .withConfiguration(AutoConfigurations.of(
                        AopAutoConfiguration.class,
                        RateLimitAutoConfiguration.class,
                        RateLimitAopAutoConfiguration.class,
                        RateLimitMetricsAutoConfiguration.class))
                .withBean(MeterRegistry.class, SimpleMeterRegistry::new)
                .withUserConfiguration(Shop.class)
                .withPropertyValues(
                        "ratelimit.store=memory",
                        "ratelimit.limits.many=1000000/s",
                        "ratelimit.limits.more=2000000/s",
                        "ratelimit.limits.most=3000000/s")
                .run(context -> {
                    Shop shop = context.getBean(Shop.class);
                    Order order = new Order("ann", 250);
                    print("byParameter", () -> shop.byParameter("ann"));
                    print("byProperty", () -> shop.byProperty(order));
                    print("byCost", () -> shop.byCost(order));
                    print("byThreeLimits", () -> shop.byThreeLimits("ann"));
                });
    }

    private static void print(String method, Runnable call) {
        System.out.println(BYTES + method + " " + bytes(call));
    }

    /** Returns the least of ten rounds, because the first calls load classes. */
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

        @RateLimited(limit = "many", key = "#user")
        @RateLimited(limit = "more", key = "#user")
        @RateLimited(limit = "most", key = "#user")
        public String byThreeLimits(String user) {
            return user;
        }
    }
}
