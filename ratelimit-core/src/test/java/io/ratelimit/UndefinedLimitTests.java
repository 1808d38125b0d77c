package io.ratelimit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.ratelimit.memory.InMemoryRateLimitStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.StreamHandler;
import org.junit.jupiter.api.Test;

/** Limits that are used before they are defined, in a registry that does not limit such calls. */
class UndefinedLimitTests {

    private final List<Decision> reported = new ArrayList<>();
    private final List<String> asked = new ArrayList<>();
    private final RateLimiterRegistry registry = new RateLimiterRegistry(
            new AskedStore(),
            List.of(new RateLimitListener() {
                @Override
                public void onDecision(Decision decision) {
                    reported.add(decision);
                }
            }),
            true,
            UnknownLimitPolicy.UNLIMITED);

    @Test
    void anUndefinedLimitIsAnErrorUnlessTheRegistrySaysOtherwise() {
        RateLimiterRegistry failing = new RateLimiterRegistry(InMemoryRateLimitStore.create(), List.of());
        assertThatExceptionOfType(UnknownLimitException.class).isThrownBy(() -> failing.get("gold"));
    }

    @Test
    void everyCallOfAnUndefinedLimitIsAdmittedWithoutTheStore() throws Exception {
        RateLimiter gold = registry.get("gold");
        for (int i = 0; i < 3; i++) {
            assertThat(gold.tryAcquire()).satisfies(UndefinedLimitTests::isAdmittedWithoutStore);
            assertThat(gold.tryAcquire("ann")).satisfies(UndefinedLimitTests::isAdmittedWithoutStore);
            assertThat(gold.tryAcquire("ann", 1e15)).satisfies(UndefinedLimitTests::isAdmittedWithoutStore);
            assertThat(joined(gold.tryAcquireAsync("ann"))).satisfies(UndefinedLimitTests::isAdmittedWithoutStore);
            assertThat(gold.acquire("ann")).satisfies(UndefinedLimitTests::isAdmittedWithoutStore);
            assertThat(gold.acquire("ann", 5, Duration.ofSeconds(9)))
                    .satisfies(UndefinedLimitTests::isAdmittedWithoutStore);
            assertThat(joined(gold.acquireAsync("ann"))).satisfies(UndefinedLimitTests::isAdmittedWithoutStore);
            assertThat(gold.peek("ann")).satisfies(UndefinedLimitTests::isAdmittedWithoutStore);
            assertThat(gold.call("ann", () -> "done")).isEqualTo("done");
            try (Permit permit = gold.hold("ann")) {
                assertThat(permit.isLost()).isFalse();
            }
        }
        gold.reset("ann");
        assertThat(asked).isEmpty();
        assertThat(reported).isEmpty();
        assertThat(gold.count(true, DecisionSource.DISABLED)).isZero();
    }

    @Test
    void aCallOfAnUndefinedLimitStillNeedsAKeyAndAValidCost() {
        RateLimiter gold = registry.get("gold");
        assertThatExceptionOfType(EmptyKeyException.class).isThrownBy(() -> gold.tryAcquire(" "));
        assertThatExceptionOfType(IllegalArgumentException.class).isThrownBy(() -> gold.tryAcquire("ann", -1));
    }

    @Test
    void aNameThatNoLimitCanHaveIsUndefinedToo() {
        assertThat(registry.get("GET /käse?\n" + "x".repeat(100)).tryAcquire("ann"))
                .satisfies(UndefinedLimitTests::isAdmittedWithoutStore);
    }

    @Test
    void aLimitThatIsDefinedLaterAppliesToALimiterThatWasObtainedBefore() {
        RateLimiter early = registry.get("gold");
        assertThat(early.tryAcquire("ann").admitted()).isTrue();
        registry.define(Limit.of("gold", "1/1h"));
        assertThat(early.tryAcquire("ann").admitted()).isTrue();
        assertThat(early.tryAcquire("ann").admitted()).isFalse();
        assertThat(early.limit().rates()).hasToString("[1/h]");
        assertThat(early.count(false, DecisionSource.STORE)).isEqualTo(1);
        assertThat(reported).hasSize(2);
        registry.remove("gold");
        assertThat(early.tryAcquire("ann").admitted()).isTrue();
    }

    @Test
    void aLimiterWhoseLimitWasRemovedStillFails() {
        RateLimiter defined = registry.define(Limit.of("gold", "1/1h"));
        registry.remove("gold");
        assertThatExceptionOfType(UnknownLimitException.class).isThrownBy(() -> defined.tryAcquire("ann"));
    }

    @Test
    void ofACallWithSeveralLimitsOnlyTheDefinedOnesApply() {
        RateLimiter gold = registry.get("gold");
        RateLimiter search = registry.define(Limit.of("search", "2/1h"));
        for (List<Charge> charges : List.of(
                List.of(gold.charge("ann", 1), search.charge("ann", 1)),
                List.of(search.charge("ann", 1), gold.charge("ann", 1), gold.charge("bob", 1)))) {
            Decision decision = registry.tryAcquire(charges);
            assertThat(decision.admitted()).isTrue();
            assertThat(decision.source()).isEqualTo(DecisionSource.STORE);
            assertThat(decision.charges()).hasSameSizeAs(charges);
            assertThat(decision.statuses()).hasSize(1);
        }
        Decision rejection = joined(registry.tryAcquireAsync(List.of(gold.charge("ann", 1), search.charge("ann", 1))));
        assertThat(rejection.admitted()).isFalse();
        assertThat(rejection.rejectedBy())
                .hasValueSatisfying(by -> assertThat(by.limit().name()).isEqualTo("search"));
        assertThat(search.count(true, DecisionSource.STORE)).isEqualTo(2);
        assertThat(search.count(false, DecisionSource.STORE)).isEqualTo(1);
        assertThat(asked).containsOnly("search");
        assertThat(registry.tryAcquire(
                        List.of(gold.charge("ann", 1), registry.get("silver").charge("ann", 1))))
                .satisfies(UndefinedLimitTests::isAdmittedWithoutStore);
        assertThat(reported).hasSize(3);
    }

    @Test
    void settlingAndRefundingSkipUndefinedLimits() {
        RateLimiter gold = registry.get("gold");
        RateLimiter search = registry.define(Limit.of("search", "10/1h"));
        joined(gold.settle(gold.tryAcquire("ann", 5), 2));
        joined(gold.settle(gold.tryAcquire("ann", 5), 20));
        Decision settled = registry.tryAcquire(List.of(gold.charge("ann", 5), search.charge("ann", 5)));
        joined(registry.settle(settled, List.of(gold.charge("ann", 9), search.charge("ann", 2))));
        assertThat(search.peek("ann").remaining()).isEqualTo(8);
        joined(registry.refund(registry.tryAcquire(List.of(gold.charge("ann", 5), search.charge("ann", 5)))));
        assertThat(search.peek("ann").remaining()).isEqualTo(8);
        assertThat(asked).containsOnly("search");
    }

    @Test
    void anUndefinedLimitIsNeitherFoundNorReplacedNorRemoved() {
        RateLimiter gold = registry.get("gold");
        assertThat(registry.find("gold")).isEmpty();
        assertThat(registry.all()).isEmpty();
        assertThat(registry.remove("gold")).isFalse();
        assertThat(gold.name()).isEqualTo("gold");
        assertThat(gold.current()).isEmpty();
        assertThatExceptionOfType(UnknownLimitException.class).isThrownBy(gold::limit);
        assertThatExceptionOfType(UnknownLimitException.class)
                .isThrownBy(() -> registry.replace(Limit.of("gold", "1/1h")));
    }

    @Test
    void theFirstCallOfEachUndefinedLimitIsWarnedOfUpToAHundredNames() {
        List<String> warnings = new ArrayList<>();
        Handler handler = new StreamHandler() {
            @Override
            public void publish(LogRecord event) {
                warnings.add(event.getLevel() + " " + event.getMessage());
            }
        };
        Logger logger = Logger.getLogger(UndefinedLimits.class.getName());
        logger.addHandler(handler);
        try {
            registry.define(Limit.of("golden", "1/1h"));
            registry.get("gold");
            assertThat(warnings).isEmpty();
            for (int i = 0; i < 3; i++) {
                registry.get("gold").tryAcquire("ann");
            }
            assertThat(warnings)
                    .containsExactly("WARNING Unknown limit \"gold\"; did you mean \"golden\"? Known limits: [golden];"
                            + " calls of it are not limited");
            for (int i = 0; i < 200; i++) {
                registry.get("plan-" + i).tryAcquire("ann");
            }
            assertThat(warnings).hasSize(100);
        } finally {
            logger.removeHandler(handler);
        }
    }

    private static void isAdmittedWithoutStore(Decision decision) {
        assertThat(decision.admitted()).isTrue();
        assertThat(decision.source()).isEqualTo(DecisionSource.DISABLED);
        assertThat(decision.statuses()).isEmpty();
        assertThat(decision.waited()).isZero();
    }

    private static <T> T joined(CompletionStage<T> stage) {
        return stage.toCompletableFuture().join();
    }

    /** Records the names of the limits that it is asked about. */
    private final class AskedStore extends ForwardingRateLimitStore {

        AskedStore() {
            super(InMemoryRateLimitStore.create(() -> 0, 100));
        }

        @Override
        public Decision decide(List<Charge> charges, Duration maxWait) {
            charges.forEach(charge -> asked.add(charge.limit().name()));
            return super.decide(charges, maxWait);
        }

        @Override
        public CompletionStage<Decision> decideAsync(List<Charge> charges, Duration maxWait) {
            return CompletableFuture.completedFuture(decide(charges, maxWait));
        }

        @Override
        public CompletionStage<Void> refund(Decision taken, List<Charge> unused) {
            unused.forEach(charge -> asked.add(charge.limit().name()));
            return super.refund(taken, unused);
        }

        @Override
        public CompletionStage<Void> debit(Decision taken, List<Charge> more) {
            more.forEach(charge -> asked.add(charge.limit().name()));
            return super.debit(taken, more);
        }

        @Override
        public void reset(Limit limit, String key) {
            asked.add(limit.name());
            super.reset(limit, key);
        }
    }
}
