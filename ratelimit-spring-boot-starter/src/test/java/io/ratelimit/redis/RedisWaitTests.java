package io.ratelimit.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.Decision;
import io.ratelimit.Limit;
import io.ratelimit.RateLimiter;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.test.redis.RedisServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RedisWaitTests {

    private static final Pattern CALLS = Pattern.compile("cmdstat_eval(?:sha)?:calls=(\\d+)");

    private final RedisServer redis = RedisServer.start();
    private final RateLimiterRegistry registry = new RateLimiterRegistry(
            RedisRateLimitStore.create(TestConnections.lettuce(redis), "ratelimit", Duration.ofSeconds(5)), List.of());

    @AfterEach
    void close() {
        registry.close();
        redis.close();
    }

    @Test
    void fiveHundredWaitersAskAtMostOnceEachHoweverManyAreGranted() throws Exception {
        RateLimiter limiter = registry.define(
                Limit.named("ten").rates("10/s").maxWait(Duration.ofMinutes(2)).build());
        limiter.tryAcquire("key", 10);
        long before = scriptCalls();
        List<CompletableFuture<Decision>> waiters = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            waiters.add(limiter.acquireAsync("key"));
        }
        waiters.get(20).get(60, TimeUnit.SECONDS);
        assertThat(waiters.get(499)).isNotDone();
        long asked = scriptCalls() - before;
        assertThat(asked).isBetween(4L, 500L);
        registry.close();
        assertThat(scriptCalls() - before).as("waiting calls are refunded").isBetween(asked + 1, asked + 500);
    }

    @Test
    void aWaitBeyondTheMaximumIsRejectedAtOnceAndConsumesNothing() {
        RateLimiter limiter = registry.define(Limit.of("hour", "1/1h"));
        limiter.tryAcquire("key");
        Duration reset = limiter.peek("key").resetAfter();
        long[] nanos = new long[200];
        for (int i = 0; i < nanos.length; i++) {
            long start = System.nanoTime();
            Decision rejected = limiter.acquire("key", 1, Duration.ofMinutes(30));
            nanos[i] = System.nanoTime() - start;
            assertThat(rejected.admitted()).isFalse();
            assertThat(rejected.retryAfter().orElseThrow()).isGreaterThan(Duration.ofMinutes(50));
        }
        Arrays.sort(nanos);
        assertThat(Duration.ofNanos(nanos[nanos.length / 2])).isLessThan(Duration.ofMillis(20));
        assertThat(limiter.peek("key").resetAfter()).isLessThanOrEqualTo(reset);
    }

    private long scriptCalls() {
        Matcher calls = CALLS.matcher(String.valueOf(redis.command("INFO", "commandstats")));
        long sum = 0;
        while (calls.find()) {
            sum += Long.parseLong(calls.group(1));
        }
        return sum;
    }
}
