package io.ratelimit.nodes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.ratelimit.RateLimiter;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.algorithm.Rate;
import io.ratelimit.annotation.RateLimited;
import io.ratelimit.test.DecisionLog;
import io.ratelimit.test.DecisionLog.Verdict;
import io.ratelimit.test.redis.RedisServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Import;
import reactor.core.publisher.Mono;

/** A thousand calls wait: threads, futures and Monos. Half of them are interrupted, cancelled or disposed at random. */
@Timeout(120)
@Tag("slow")
@Tag("server")
class ThousandWaitersTests {

    private static final int WAITERS = 999;
    private static final int BURST = 20;
    private static final String RATE = "60/s burst " + BURST;
    private static final Duration TO_FULL = Duration.ofMillis(1_000 * BURST / 60);
    private static final long SEED = Long.getLong("io.ratelimit.contract.seed", System.nanoTime());

    @Test
    void loseNothingInMemory() throws Exception {
        loseNothing("ratelimit.store=memory");
    }

    @Test
    void loseNothingOnRedis() throws Exception {
        try (RedisServer redis = RedisServer.start()) {
            loseNothing(
                    "ratelimit.store=redis", "ratelimit.redis.timeout=10s", "spring.data.redis.port=" + redis.port());
        }
    }

    private static void loseNothing(String... properties) throws Exception {
        try (ConfigurableApplicationContext context = new SpringApplicationBuilder(Application.class)
                .properties(properties)
                .properties(
                        "spring.main.web-application-type=none",
                        "ratelimit.limits.waits.rates=" + RATE,
                        "ratelimit.limits.waits.max-wait=30s")
                .run()) {
            Granted granted = context.getBean(Granted.class);
            RateLimiter limiter = context.getBean(RateLimiterRegistry.class).get("waits");
            int gaveUp = run(context.getBean(Waiting.class));
            assertThat(gaveUp).as("seed " + SEED).isBetween(WAITERS / 10, WAITERS / 2);
            assertThat(granted.calls.get() + gaveUp).as("seed " + SEED).isGreaterThanOrEqualTo(WAITERS);
            assertThat(granted.log.check(Rate.parse(RATE))).as("seed " + SEED).isEqualTo(Verdict.POSSIBLE);
            await("seed " + SEED)
                    .atMost(Duration.ofMillis(250))
                    .until(() -> limiter.peek("key").resetAfter().compareTo(TO_FULL) <= 0);
            TimeUnit.NANOSECONDS.sleep(TO_FULL.toNanos());
            assertThat(limiter.tryAcquire("key", BURST).admitted()).isTrue();
            assertThat(limiter.tryAcquire("key", BURST).admitted()).isFalse();
        }
    }

    private static int run(Waiting waiting) throws Exception {
        Random random = new Random(SEED);
        ExecutorService threads = Executors.newFixedThreadPool(WAITERS / 3);
        List<Future<?>> calls = new ArrayList<>();
        try {
            for (int i = 0; i < WAITERS; i++) {
                long from = System.nanoTime();
                calls.add(
                        switch (i % 3) {
                            case 0 -> threads.submit(() -> waiting.value(from));
                            case 1 -> waiting.future(from);
                            default -> waiting.mono(from).toFuture();
                        });
                if (i % 2 == 1 && i > 2 * BURST) {
                    List<Future<?>> undecided =
                            calls.stream().filter(call -> !call.isDone()).toList();
                    if (!undecided.isEmpty()) {
                        undecided.get(random.nextInt(undecided.size())).cancel(true);
                    }
                }
            }
            for (Future<?> call : calls) {
                if (!call.isCancelled()) {
                    call.get(60, TimeUnit.SECONDS);
                }
            }
            threads.shutdown();
            assertThat(threads.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
            return (int) calls.stream().filter(Future::isCancelled).count();
        } finally {
            threads.shutdownNow();
        }
    }

    @EnableAutoConfiguration
    @Import({Waiting.class, Granted.class})
    static class Application {}

    static class Granted {

        final AtomicInteger calls = new AtomicInteger();
        final DecisionLog log = new DecisionLog();

        void since(long from) {
            log.add(from, System.nanoTime(), 1_000, true);
            calls.incrementAndGet();
        }
    }

    static class Waiting {

        private final Granted granted;

        Waiting(Granted granted) {
            this.granted = granted;
        }

        @RateLimited(limit = "waits", key = "'key'")
        public void value(long from) {
            granted.since(from);
        }

        @RateLimited(limit = "waits", key = "'key'")
        public CompletableFuture<String> future(long from) {
            granted.since(from);
            return CompletableFuture.completedFuture("done");
        }

        @RateLimited(limit = "waits", key = "'key'")
        public Mono<String> mono(long from) {
            return Mono.fromCallable(() -> {
                granted.since(from);
                return "done";
            });
        }
    }
}
