package io.ratelimit.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.Charge;
import io.ratelimit.Limit;
import io.ratelimit.RateLimitStore;
import io.ratelimit.algorithm.Rate;
import io.ratelimit.memory.InMemoryRateLimitStore;
import io.ratelimit.remote.RemoteRateLimitStore;
import io.ratelimit.test.DecisionLog;
import io.ratelimit.test.redis.RedisExtension;
import io.ratelimit.test.redis.RedisServer;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Two nodes with prefetched tokens of one key on a real server, checked for the bound. */
@ExtendWith(RedisExtension.class)
class PrefetchOnRedisTests {

    private static final Rate RATE = Rate.parse("1000/s burst 500");
    private static final int PREFETCH = 100;
    private static final int NODES = 2;
    private static final Limit LIMIT = Limit.named("ahead")
            .rates(List.of(RATE))
            .prefetch(BigDecimal.valueOf(PREFETCH))
            .build();

    private final RedisServer redis;

    PrefetchOnRedisTests(RedisServer redis) {
        this.redis = redis;
        redis.command("FLUSHALL");
    }

    @Test
    void twoNodesAdmitAtMostTheGrantsOfTheServerAndTheirPrefetchedTokens() throws InterruptedException {
        DecisionLog log = new DecisionLog();
        List<RateLimitStore> nodes = new ArrayList<>();
        List<Thread> callers = new ArrayList<>();
        for (int i = 0; i < NODES; i++) {
            nodes.add(node());
        }
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(3);
        for (int caller = 0; caller < 4 * NODES; caller++) {
            RateLimitStore node = nodes.get(caller % NODES);
            callers.add(new Thread(() -> {
                while (System.nanoTime() < end) {
                    burst(node, log);
                    sleep(ThreadLocalRandom.current().nextInt(400));
                }
            }));
        }
        callers.forEach(Thread::start);
        for (Thread caller : callers) {
            caller.join();
        }
        nodes.forEach(RateLimitStore::close);
        assertThat(log.admittedTokens()).isGreaterThan(500);
        assertThat(log.excess(RATE)).isLessThanOrEqualTo(NODES * PREFETCH);
        assertThat(log.check(RATE.withBurst(500 + NODES * PREFETCH)).overAdmissions())
                .isZero();
    }

    @Test
    void aHotKeyCostsTheServerACommandForEachBlockAndNotForEachCall() {
        Limit hot = Limit.named("hot")
                .rates("1000000/s burst 1000000")
                .prefetch(BigDecimal.valueOf(10_000))
                .build();
        try (RateLimitStore node = node()) {
            Charge one = new Charge(hot, "user-42", 1_000);
            for (int i = 0; i < 100; i++) {
                node.decide(one);
            }
            long before = scripts();
            for (int i = 0; i < 50_000; i++) {
                assertThat(node.decide(one).admitted()).isTrue();
            }
            assertThat(scripts() - before).isBetween(4L, 5_000L);
        }
    }

    private RateLimitStore node() {
        return RemoteRateLimitStore.builder(
                        RedisRateLimitStore.create(TestConnections.lettuce(redis), "ratelimit", Duration.ofSeconds(5)),
                        InMemoryRateLimitStore.create())
                .denialCache(false)
                .build();
    }

    private static void burst(RateLimitStore node, DecisionLog log) {
        for (int call = 0; call < 200; call++) {
            long cost = 1 + ThreadLocalRandom.current().nextInt(3_000);
            long start = System.nanoTime();
            boolean admitted = node.decide(new Charge(LIMIT, "user-42", cost)).admitted();
            log.add(start, System.nanoTime(), cost, admitted);
        }
    }

    private static void sleep(int millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
        }
    }

    private long scripts() {
        Matcher calls = Pattern.compile("cmdstat_evalsha:calls=(\\d+)")
                .matcher(String.valueOf(redis.command("INFO", "commandstats")));
        return calls.find() ? Long.parseLong(calls.group(1)) : 0;
    }
}
