package io.ratelimit.test;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.ForwardingRateLimitStore;
import io.ratelimit.Limit;
import io.ratelimit.RateLimitStore;
import io.ratelimit.algorithm.Rate;
import io.ratelimit.memory.InMemoryRateLimitStore;
import io.ratelimit.remote.RemoteRateLimitStore;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Several nodes that prefetch from one exact store: together they admit at most the tokens that the store grants, plus
 * nodes × prefetch, with and without a denial cache.
 */
class PrefetchBoundTests {

    private static final Rate RATE = Rate.parse("100/s burst 60");
    private static final int NODES = 3;
    private static final int PREFETCH = 15;
    private static final Limit LIMIT = Limit.named("prefetched")
            .rates(List.of(RATE))
            .prefetch(BigDecimal.valueOf(PREFETCH))
            .build();

    private final VirtualClock clock = new VirtualClock();
    private final InMemoryRateLimitStore shared = InMemoryRateLimitStore.create(clock, 100);
    private final List<DelayedStore> stores = new ArrayList<>();
    private final List<RateLimitStore> nodes = new ArrayList<>();
    private final DecisionLog log = new DecisionLog();

    PrefetchBoundTests() {
        for (int i = 0; i < NODES; i++) {
            stores.add(new DelayedStore(shared));
        }
    }

    private void open(boolean cachesDenials) {
        for (int i = 0; i < NODES; i++) {
            nodes.add(node(i, cachesDenials));
        }
    }

    private RateLimitStore node(int number, boolean cachesDenials) {
        RateLimitStore store = stores.get(number);
        return RemoteRateLimitStore.builder(store, InMemoryRateLimitStore.create())
                .denialCache(cachesDenials)
                .clock(clock)
                .build();
    }

    @ParameterizedTest
    @CsvSource({"1, false", "2, false", "3, false", "4, false", "5, true", "6, true", "7, true", "8, true"})
    void noIntervalAdmitsMoreThanTheBound(int seed, boolean cachesDenials) {
        Random random = new Random(seed);
        int cached = 0;
        open(cachesDenials);
        for (int burst = 0; burst < 60; burst++) {
            int calls = random.nextInt(120);
            int mostCost = random.nextBoolean() ? 1_000 : 20_000;
            for (int call = 0; call < calls; call++) {
                int node = random.nextInt(NODES);
                int before = stores.get(node).calls;
                boolean admitted = call(node, 1 + random.nextInt(mostCost), random.nextInt(4));
                cached += !admitted && stores.get(node).calls == before ? 1 : 0;
                if (random.nextInt(3) == 0) {
                    stores.get(random.nextInt(NODES)).reply();
                }
                clock.advance(Duration.ofNanos(random.nextInt(3_000_000)));
            }
            if (random.nextInt(10) == 0) {
                int replaced = random.nextInt(NODES);
                nodes.get(replaced).close();
                nodes.set(replaced, node(replaced, cachesDenials));
            }
            stores.forEach(DelayedStore::reply);
            clock.advance(Duration.ofMillis(random.nextInt(1_500)));
        }
        assertThat(cached > 0).isEqualTo(cachesDenials);
        assertThat(log.admittedTokens()).isGreaterThan(1_000);
        assertThat(log.excess(RATE)).isLessThanOrEqualTo(NODES * PREFETCH);
        assertThat(log.check(RATE.withBurst(60 + NODES * PREFETCH)).overAdmissions())
                .isZero();
    }

    @Test
    void theBoundIsReachedWhenPrefetchedTokensAndAFullBucketAreConsumedAtOnce() {
        open(false);
        for (int node = 0; node < NODES; node++) {
            call(node, 1_000, 0);
            call(node, 1_000, 0);
            stores.get(node).reply();
        }
        clock.advance(Duration.ofSeconds(1));
        for (int call = 0; call < 100; call++) {
            for (int node = 0; node < NODES; node++) {
                call(node, 1_000, 0);
                stores.get(node).reply();
            }
        }
        assertThat(log.excess(RATE)).isBetween(NODES * PREFETCH - 0.01, (double) NODES * PREFETCH);
    }

    private boolean call(int node, long cost, int how) {
        List<Charge> charges = List.of(new Charge(LIMIT, "user-42", cost));
        long now = clock.getAsLong();
        Decision decision = switch (how) {
            case 0 -> nodes.get(node).decide(charges.get(0));
            case 1 -> nodes.get(node).decide(charges, Duration.ofMillis(20));
            default -> nodes.get(node).decide(charges, Duration.ZERO);
        };
        long granted = now + decision.waitTime().toNanos();
        log.add(now, granted, cost, decision.admitted());
        return decision.admitted();
    }

    /** A connection of a node to the store, over which calls that do not wait are answered when the test says so. */
    private static final class DelayedStore extends ForwardingRateLimitStore {

        private final List<Runnable> replies = new ArrayList<>();
        private int calls;

        DelayedStore(RateLimitStore store) {
            super(store);
        }

        void reply() {
            List<Runnable> due = List.copyOf(replies);
            replies.clear();
            due.forEach(Runnable::run);
        }

        @Override
        public Decision decide(List<Charge> charges, Duration maxWait) {
            calls++;
            return super.decide(charges, maxWait);
        }

        @Override
        public CompletionStage<Decision> decideAsync(List<Charge> charges, Duration maxWait) {
            CompletableFuture<Decision> reply = new CompletableFuture<>();
            Decision decision = decide(charges, maxWait);
            replies.add(() -> reply.complete(decision));
            return reply;
        }

        /** Replies to all calls and leaves the store open, because other nodes share it. */
        @Override
        public void close() {
            reply();
        }
    }
}
