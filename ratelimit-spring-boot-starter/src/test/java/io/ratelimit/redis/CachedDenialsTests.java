package io.ratelimit.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.Limit;
import io.ratelimit.RateLimitStore;
import io.ratelimit.algorithm.Algorithm;
import io.ratelimit.memory.InMemoryRateLimitStore;
import io.ratelimit.remote.RemoteRateLimitStore;
import io.ratelimit.test.DecisionLog;
import io.ratelimit.test.redis.RedisServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The commands that a server gets, and the answers of callers, while nodes cache denials. */
@Tag("slow")
class CachedDenialsTests {

    private static final Pattern CALLS = Pattern.compile("cmdstat_eval(?:sha)?:calls=(\\d+)");
    private static final int THREADS = 8;

    private final RedisServer redis = RedisServer.start();
    private final List<RateLimitStore> nodes = new ArrayList<>();
    private final ExecutorService threads = Executors.newFixedThreadPool(THREADS);

    @AfterEach
    void close() {
        threads.shutdownNow();
        nodes.forEach(RateLimitStore::close);
        redis.close();
    }

    @ParameterizedTest
    @EnumSource(
            value = Algorithm.class,
            names = {"TOKEN_BUCKET", "SLIDING_WINDOW"})
    void anExhaustedKeyIsAskedForOnceASecondHoweverManyCall(Algorithm algorithm) throws Exception {
        Limit limit = Limit.named("day").rates("10/10d").algorithm(algorithm).build();
        RateLimitStore node = node();
        assertThat(node.decide(new Charge(limit, "key", 10_000)).admitted()).isTrue();
        assertThat(node.decide(new Charge(limit, "key", 1_000)).admitted()).isFalse();
        long before = scriptCalls();
        long start = System.nanoTime();
        long calls = 0;
        for (Future<Long> called : callFor(Duration.ofMillis(3_500), node, new Charge(limit, "key", 1_000), null)) {
            calls += called.get(60, TimeUnit.SECONDS);
        }
        long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start);
        assertThat(scriptCalls() - before).isBetween(2L, seconds + 1);
        assertThat(calls).isGreaterThan(10_000);
    }

    @Test
    void nodesWithCachedDenialsTogetherAdmitWhatOneBucketDoes() throws Exception {
        Limit limit = Limit.of("shared", "100/s burst 20");
        DecisionLog log = new DecisionLog();
        List<Future<Long>> callers = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            RateLimitStore node = node();
            callers.addAll(callFor(Duration.ofSeconds(3), node, new Charge(limit, "key", 1_000), log));
        }
        for (Future<Long> caller : callers) {
            caller.get(60, TimeUnit.SECONDS);
        }
        assertThat(log.check(limit.rates().get(0))).isEqualTo(DecisionLog.Verdict.POSSIBLE);
        assertThat(log.admittedTokens()).isGreaterThan(20);
    }

    private RateLimitStore node() {
        RedisRateLimitStore store =
                RedisRateLimitStore.create(TestConnections.lettuce(redis), "ratelimit", Duration.ofSeconds(10));
        store.connect().toCompletableFuture().join();
        RateLimitStore node = RemoteRateLimitStore.builder(store, InMemoryRateLimitStore.create())
                .prefetch(false)
                .build();
        nodes.add(node);
        return node;
    }

    /** Half of the threads block, half join a future; with a log they take a breath between their calls. */
    private List<Future<Long>> callFor(Duration time, RateLimitStore node, Charge charge, DecisionLog log) {
        int count = log == null ? THREADS : THREADS / 2;
        long end = System.nanoTime() + time.toNanos();
        List<Future<Long>> callers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            boolean blocking = i % 2 == 0;
            callers.add(threads.submit(() -> {
                long calls = 0;
                for (long start = System.nanoTime(); start < end; start = System.nanoTime()) {
                    Decision decision = blocking
                            ? node.decide(charge)
                            : node.decideAsync(List.of(charge), Duration.ZERO)
                                    .toCompletableFuture()
                                    .join();
                    calls++;
                    if (log != null) {
                        log.add(start, System.nanoTime(), charge.cost(), decision.admitted());
                        LockSupport.parkNanos(200_000);
                    }
                }
                return calls;
            }));
        }
        return callers;
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
