package io.ratelimit.aop;

import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.ratelimit.RateLimitExceededException;
import io.ratelimit.RateLimitStore;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.annotation.RateLimited;
import io.ratelimit.autoconfigure.RateLimitAutoConfiguration;
import io.ratelimit.redis.RateLimitRedisAutoConfiguration;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.autoconfigure.task.TaskExecutionAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import reactor.blockhound.BlockHound;
import reactor.blockhound.BlockingOperationError;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** An application that calls limited methods on event loops, and prints which of the calls blocked them. */
public final class BlockingCalls {

    static final String ANSWER = "answer: ";

    private BlockingCalls() {}

    /** Runs the application with each argument, which is a list of properties separated by commas. */
    public static void main(String[] applications) throws Exception {
        // A thread that finds a bucket locked by another one spins for some microseconds.
        BlockHound.builder()
                .loadIntegrations()
                .allowBlockingCallsInside("io.ratelimit.memory.Bucket", "pause")
                .install();
        for (String properties : applications) {
            run(properties.split(","));
        }
        System.exit(0);
    }

    private static void run(String[] properties) throws Exception {
        try (var context = new SpringApplicationBuilder(Wiring.class)
                .web(WebApplicationType.NONE)
                .properties("ratelimit.limits.all=1000/1s", "ratelimit.limits.one=1/1h")
                .properties(
                        "ratelimit.limits.single.algorithm=concurrency",
                        "ratelimit.limits.single.max-concurrent=1",
                        "ratelimit.limits.single.max-wait=10s")
                .properties(properties)
                .run()) {
            say("asked " + context.getBean(RateLimitStore.class).name());
            context.getBean(RateLimiterRegistry.class).get("one").tryAcquire();
            Shop shop = context.getBean(Shop.class);
            Executor parallel = Schedulers.parallel()::schedule;
            Executor netty = new MultiThreadIoEventLoopGroup(
                    1, new DefaultThreadFactory("netty", true), NioIoHandler.newFactory());
            tell("sleeping", parallel, () -> {
                Thread.sleep(1);
                return CompletableFuture.completedFuture("");
            });
            tell("plain", 100, parallel, () -> CompletableFuture.completedFuture(shop.plain()));
            tell("future", parallel, shop::future);
            tell("mono", parallel, () -> shop.mono().toFuture());
            tell("flux", parallel, () -> shop.flux().next().toFuture());
            tell("netty", netty, shop::future);
            tell("rejected", netty, shop::rejected);
            tell("held", netty, shop::heldFuture);
            tell(
                    "queue",
                    parallel,
                    () -> Flux.range(0, 20)
                            .flatMap(number -> shop.heldMono())
                            .last()
                            .toFuture());
        }
    }

    /** Calls twice, so that the first may load classes and connect. */
    private static void tell(String name, Executor eventLoop, Callable<CompletableFuture<String>> call)
            throws Exception {
        tell(name, 2, eventLoop, call);
    }

    /** Calls until a call blocks, at most the given number of times. A call that finds its answer there does not. */
    private static void tell(String name, int calls, Executor eventLoop, Callable<CompletableFuture<String>> call)
            throws Exception {
        Throwable failure = null;
        for (int i = 0; i < calls && (failure == null || failure instanceof RateLimitExceededException); i++) {
            failure = failure(eventLoop, call);
        }
        boolean fine = failure == null || failure instanceof RateLimitExceededException && name.equals("rejected");
        if (!fine && !isBlocking(failure)) {
            throw new IllegalStateException(failure);
        }
        say(name + (fine ? " did not block" : " blocked"));
    }

    private static Throwable failure(Executor eventLoop, Callable<CompletableFuture<String>> call) throws Exception {
        CompletableFuture<String> result = new CompletableFuture<>();
        eventLoop.execute(() -> {
            try {
                call.call().whenComplete((value, thrown) -> {
                    if (thrown == null) {
                        result.complete(value);
                    } else {
                        result.completeExceptionally(thrown);
                    }
                });
            } catch (Throwable thrown) {
                result.completeExceptionally(thrown);
            }
        });
        try {
            result.get(20, TimeUnit.SECONDS);
            return null;
        } catch (ExecutionException ex) {
            return ex.getCause();
        }
    }

    private static boolean isBlocking(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof BlockingOperationError) {
                cause.printStackTrace();
                return true;
            }
        }
        return false;
    }

    private static void say(String answer) {
        System.out.println(ANSWER + answer);
    }

    @Configuration(proxyBeanMethods = false)
    @ImportAutoConfiguration({
        AopAutoConfiguration.class,
        DataRedisAutoConfiguration.class,
        RateLimitAutoConfiguration.class,
        RateLimitAopAutoConfiguration.class,
        RateLimitRedisAutoConfiguration.class,
        TaskExecutionAutoConfiguration.class
    })
    static class Wiring {

        @Bean
        Shop shop() {
            return new Shop();
        }
    }

    public static class Shop {

        @RateLimited("all")
        public String plain() {
            return "";
        }

        @RateLimited("all")
        public CompletableFuture<String> future() {
            return CompletableFuture.completedFuture("");
        }

        @RateLimited("single")
        public CompletableFuture<String> heldFuture() {
            return CompletableFuture.completedFuture("");
        }

        @RateLimited("single")
        public Mono<String> heldMono() {
            return Mono.delay(Duration.ofMillis(1)).thenReturn("");
        }

        @RateLimited("one")
        public CompletableFuture<String> rejected() {
            return CompletableFuture.completedFuture("");
        }

        @RateLimited("all")
        public Mono<String> mono() {
            return Mono.just("");
        }

        @RateLimited("all")
        public Flux<String> flux() {
            return Flux.just("");
        }
    }
}
