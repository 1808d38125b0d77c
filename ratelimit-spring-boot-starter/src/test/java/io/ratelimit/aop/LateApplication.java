package io.ratelimit.aop;

import io.micrometer.context.ContextRegistry;
import io.ratelimit.Limit;
import io.ratelimit.RateLimiterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.slf4j.MDC;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import reactor.core.scheduler.Schedulers;

/**
 * An application whose store answers later, on another thread, and whose methods report the thread that they run on.
 */
final class LateApplication {

    /** A thread-local that is registered with Micrometer, as those of security and observations are. */
    static final ThreadLocal<String> REGISTERED = new ThreadLocal<>();

    /** A thread-local that only a task decorator of the application propagates. */
    static final ThreadLocal<String> DECORATED = new ThreadLocal<>();

    static final String HERE = "app-task with ann ann ann";

    private LateApplication() {}

    static ApplicationContextRunner with(Class<?> bean) {
        return LimitedApplication.with(Late.class, bean).withAllowBeanDefinitionOverriding(true);
    }

    static DelayedStore store(ApplicationContext context) {
        return (DelayedStore) context.getBean(RateLimiterRegistry.class).store();
    }

    /**
     * Returns the name of the thread, without the coroutine that Kotlin appends, and the values that are bound to it.
     */
    static String place() {
        return Thread.currentThread().getName().replaceFirst(" @.*", "") + " with " + MDC.get("user") + " "
                + REGISTERED.get() + " " + DECORATED.get();
    }

    static void bind(String user) {
        MDC.put("user", user);
        REGISTERED.set(user);
        DECORATED.set(user);
    }

    static void unbind() {
        MDC.remove("user");
        REGISTERED.remove();
        DECORATED.remove();
    }

    /** Runs something as ann on a thread that must not block. */
    static <T> T onEventLoop(Callable<T> task) {
        CompletableFuture<T> result = new CompletableFuture<>();
        Schedulers.parallel().schedule(() -> {
            bind("ann");
            try {
                result.complete(task.call());
            } catch (Throwable ex) {
                result.completeExceptionally(ex);
            } finally {
                unbind();
            }
        });
        return result.join();
    }

    @Configuration(proxyBeanMethods = false)
    static class Late {

        Late() {
            ContextRegistry.getInstance()
                    .registerThreadLocalAccessor("user", REGISTERED::get, REGISTERED::set, REGISTERED::remove);
        }

        @Bean
        RateLimiterRegistry rateLimitRegistry() {
            RateLimiterRegistry registry = new RateLimiterRegistry(new DelayedStore(), List.of());
            registry.define(Limit.of("one", "1/h"));
            registry.define(Limit.of("ten", "10/h"));
            registry.define(Limit.named("single")
                    .maxConcurrent(1, Duration.ofSeconds(30))
                    .maxWait(Duration.ofMinutes(1))
                    .build());
            return registry;
        }

        @Bean(destroyMethod = "shutdownNow")
        ExecutorService applicationTaskExecutor() {
            return Executors.newSingleThreadExecutor(task -> new Thread(task, "app-task"));
        }

        @Bean
        ContinuationSettings continuationSettings(ExecutorService executor) {
            return new ContinuationSettings(executor, task -> {
                String user = DECORATED.get();
                return () -> {
                    DECORATED.set(user);
                    try {
                        task.run();
                    } finally {
                        DECORATED.remove();
                    }
                };
            });
        }
    }
}
