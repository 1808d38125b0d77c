package io.ratelimit.test;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.DenialCachingStore;
import io.ratelimit.InMemoryRateLimitStore;
import io.ratelimit.LeaseState;
import io.ratelimit.Limit;
import io.ratelimit.PrefetchingStore;
import io.ratelimit.Rate;
import io.ratelimit.RateLimitStore;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.LongConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Several nodes on one exact store: together they admit at most what it grants, and nodes × prefetch, whether or not they
 * remember what it refused.
 */
class PrefetchBoundTests {

    private static final Rate RATE = Rate.parse("100/s burst 60");
    private static final int NODES = 3;
    private static final int PREFETCH = 15;
    private static final Limit LIMIT = Limit.named("ahead")
            .rates(List.of(RATE))
            .prefetch(BigDecimal.valueOf(PREFETCH))
            .build();

    private final VirtualClock clock = new VirtualClock();
    private final InMemoryRateLimitStore shared = InMemoryRateLimitStore.create(clock, 100);
    private final List<LateStore> stores = new ArrayList<>();
    private final List<RateLimitStore> nodes = new ArrayList<>();
    private final DecisionLog log = new DecisionLog();

    PrefetchBoundTests() {
        for (int i = 0; i < NODES; i++) {
            stores.add(new LateStore(shared));
        }
    }

    private void open(boolean remembers) {
        for (int i = 0; i < NODES; i++) {
            nodes.add(node(i, remembers));
        }
    }

    private RateLimitStore node(int number, boolean remembers) {
        RateLimitStore store = stores.get(number);
        return new PrefetchingStore(remembers ? new DenialCachingStore(store, clock) : store, clock);
    }

    @ParameterizedTest
    @CsvSource({"1, false", "2, false", "3, false", "4, false", "5, true", "6, true", "7, true", "8, true"})
    void whateverIsCalledNoIntervalAdmitsMore(int seed, boolean remembers) {
        Random random = new Random(seed);
        int remembered = 0;
        open(remembers);
        for (int burst = 0; burst < 60; burst++) {
            int calls = random.nextInt(120);
            int mostCost = random.nextBoolean() ? 1_000 : 20_000;
            for (int call = 0; call < calls; call++) {
                int node = random.nextInt(NODES);
                int asked = stores.get(node).asked;
                boolean admitted = call(node, 1 + random.nextInt(mostCost), random.nextInt(4));
                remembered += !admitted && stores.get(node).asked == asked ? 1 : 0;
                if (random.nextInt(3) == 0) {
                    stores.get(random.nextInt(NODES)).answer();
                }
                clock.advance(Duration.ofNanos(random.nextInt(3_000_000)));
            }
            if (random.nextInt(10) == 0) {
                int replaced = random.nextInt(NODES);
                nodes.get(replaced).close();
                nodes.set(replaced, node(replaced, remembers));
            }
            stores.forEach(LateStore::answer);
            clock.advance(Duration.ofMillis(random.nextInt(1_500)));
        }
        assertThat(remembered > 0).isEqualTo(remembers);
        assertThat(log.admittedTokens()).isGreaterThan(1_000);
        assertThat(log.excess(RATE)).isLessThanOrEqualTo(NODES * PREFETCH);
        assertThat(log.check(RATE.withBurst(60 + NODES * PREFETCH)).overAdmissions())
                .isZero();
    }

    /** The bound is tight: full hands and a full bucket are spent in one moment. */
    @Test
    void allThatIsInHandMayComeOnTopOfAFullBucket() {
        open(false);
        for (int node = 0; node < NODES; node++) {
            call(node, 1_000, 0);
            call(node, 1_000, 0);
            stores.get(node).answer();
        }
        clock.advance(Duration.ofSeconds(1));
        for (int call = 0; call < 100; call++) {
            for (int node = 0; node < NODES; node++) {
                call(node, 1_000, 0);
                stores.get(node).answer();
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

    /** A node's way to the store, on which answers to those who do not wait take as long as the test wants. */
    private static final class LateStore implements RateLimitStore {

        private final RateLimitStore store;
        private final List<Runnable> late = new ArrayList<>();
        private int asked;

        LateStore(RateLimitStore store) {
            this.store = store;
        }

        void answer() {
            List<Runnable> answers = List.copyOf(late);
            late.clear();
            answers.forEach(Runnable::run);
        }

        @Override
        public String name() {
            return store.name();
        }

        @Override
        public Decision decide(List<Charge> charges, Duration maxWait) {
            asked++;
            return store.decide(charges, maxWait);
        }

        @Override
        public CompletionStage<Decision> decideAsync(List<Charge> charges, Duration maxWait) {
            asked++;
            CompletableFuture<Decision> answer = new CompletableFuture<>();
            Decision decision = store.decide(charges, maxWait);
            late.add(() -> answer.complete(decision));
            return answer;
        }

        @Override
        public CompletionStage<Void> refund(Decision taken, List<Charge> unused) {
            return store.refund(taken, unused);
        }

        @Override
        public CompletionStage<Void> debit(Decision taken, List<Charge> more) {
            return store.debit(taken, more);
        }

        @Override
        public CompletionStage<List<LeaseState>> renew(List<Decision> decisions) {
            return store.renew(decisions);
        }

        @Override
        public void onLeaseReady(LongConsumer listener) {
            store.onLeaseReady(listener);
        }

        @Override
        public void reset(Limit limit, String key) {
            store.reset(limit, key);
        }

        @Override
        public void close() {
            answer();
        }
    }
}
