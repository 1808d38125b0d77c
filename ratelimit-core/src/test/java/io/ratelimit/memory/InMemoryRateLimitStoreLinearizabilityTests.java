package io.ratelimit.memory;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.Limit;
import io.ratelimit.RateStatus;
import io.ratelimit.algorithm.Algorithm;
import io.ratelimit.algorithm.LeaseState;
import io.ratelimit.algorithm.Observations;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.junit.jupiter.api.Test;

/** Checks that charges, sweeps, resets, reconfigurations and removals are linearizable. */
class InMemoryRateLimitStoreLinearizabilityTests {

    @Test
    void chargesAreLinearizable() {
        options().check(Operations.class);
    }

    @Test
    void leasesAreLinearizable() {
        options().check(LeaseOperations.class);
    }

    private static StressOptions options() {
        return new StressOptions()
                .iterations(12)
                .invocationsPerIteration(1_000)
                .threads(3)
                .actorsPerThread(3);
    }

    @Param(name = "key", gen = IntGen.class, conf = "0:1")
    @Param(name = "cost", gen = IntGen.class, conf = "0:3")
    public static class Operations {

        private final InMemoryRateLimitStore store = InMemoryRateLimitStore.create(() -> 0, 100);
        private final Limit narrow = limit("narrow", "4/s");
        private final Limit raised = limit("narrow", "7/s");
        private final Limit wide = limit("wide", "5/s", "6/1m");
        private final Limit logged = Limit.named("logged")
                .rates("3/s")
                .algorithm(Algorithm.SLIDING_WINDOW)
                .build();

        /** Closes the store at once, so that thousands of stores start no sweeper thread. */
        public Operations() {
            store.close();
        }

        @Operation
        public String take(@Param(name = "key") int key, @Param(name = "cost") int cost) {
            return text(store.decide(new Charge(narrow, "key-" + key, 1000L * cost)));
        }

        @Operation
        public String takeRaised(@Param(name = "key") int key, @Param(name = "cost") int cost) {
            return text(store.decide(new Charge(raised, "key-" + key, 1000L * cost)));
        }

        @Operation
        public String takeWide(@Param(name = "key") int key, @Param(name = "cost") int cost) {
            return text(store.decide(new Charge(wide, "key-" + key, 1000L * cost)));
        }

        @Operation
        public String takeAll(@Param(name = "cost") int cost) {
            return text(store.decide(
                    Charge.merged(List.of(
                            new Charge(wide, "key-1", 1000L * cost),
                            new Charge(narrow, "key-0", 1000),
                            new Charge(narrow, "key-1", 1000L * cost),
                            new Charge(logged, "key-1", 1000L * cost))),
                    Duration.ZERO));
        }

        @Operation
        public String reserve(@Param(name = "key") int key, @Param(name = "cost") int cost) {
            return text(store.decide(List.of(new Charge(narrow, "key-" + key, 1000L * cost)), Duration.ofSeconds(1)));
        }

        @Operation
        public String reserveLogged(@Param(name = "key") int key, @Param(name = "cost") int cost) {
            return text(store.decide(List.of(new Charge(logged, "key-" + key, 1000L * cost)), Duration.ofSeconds(1)));
        }

        @Operation
        public void refund(@Param(name = "key") int key, @Param(name = "cost") int cost) {
            List<Charge> charges = List.of(
                    new Charge(logged, "key-" + key, 1000L * cost), new Charge(narrow, "key-" + key, 1000L * cost));
            store.refund(Decision.of(charges, Duration.ZERO, true, Observations.ofRates(2)), charges);
        }

        @Operation
        public void sweep() {
            store.sweep();
        }

        @Operation
        public void reset(@Param(name = "key") int key) {
            store.reset(narrow, "key-" + key);
        }

        @Operation
        public void remove() {
            store.limitRemoved(narrow);
        }

        private static String text(Decision decision) {
            return decision.statuses().stream().map(RateStatus::remaining).toList()
                    + (decision.admitted() ? "+" : "-")
                    + decision.waitTime();
        }

        private static Limit limit(String name, String... rates) {
            return Limit.named(name).rates(rates).cost(BigDecimal.ZERO).build();
        }
    }

    /** Four callers with a lease each, of which two can be held at the same time. */
    @Param(name = "caller", gen = IntGen.class, conf = "1:4")
    public static class LeaseOperations {

        private static final Limit TWO =
                Limit.named("two").maxConcurrent(2, Duration.ofSeconds(1)).build();

        private final AtomicLong clock = new AtomicLong();
        private final InMemoryRateLimitStore store = InMemoryRateLimitStore.create(clock::get, 100);

        /** Closes the store at once, so that thousands of stores start no sweeper thread. */
        public LeaseOperations() {
            store.close();
        }

        @Operation
        public boolean hold(@Param(name = "caller") int caller) {
            return store.decide(charge(caller)).admitted();
        }

        @Operation
        public String queue(@Param(name = "caller") int caller) {
            Decision decision = store.decide(List.of(charge(caller)), Duration.ofMinutes(1));
            return decision.admitted() + " " + decision.isQueued();
        }

        @Operation
        public void release(@Param(name = "caller") int caller) {
            store.refund(decision(caller), List.of(charge(caller)));
        }

        @Operation
        public LeaseState renew(@Param(name = "caller") int caller) {
            return store.renew(List.of(decision(caller)))
                    .toCompletableFuture()
                    .join()
                    .get(0);
        }

        @Operation
        public void passHalfALease() {
            clock.addAndGet(500_000_000);
        }

        @Operation
        public void sweep() {
            store.sweep();
        }

        @Operation
        public double left() {
            return store.decide(new Charge(TWO, "key", 0)).remaining();
        }

        private static Decision decision(int caller) {
            return Decision.of(List.of(charge(caller)), Duration.ZERO, true, Observations.ofRates(1));
        }

        private static Charge charge(int caller) {
            return new Charge(TWO, "key", 1_000, caller);
        }
    }
}
