package io.ratelimit.test;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.Limit;
import io.ratelimit.RateLimitStore;
import io.ratelimit.RateStatus;
import io.ratelimit.algorithm.LeaseState;
import io.ratelimit.algorithm.Observations;
import io.ratelimit.algorithm.RateAlgorithm;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/**
 * The base of all sections: a store on a virtual clock for each test, and calls that are made twice, synchronously and
 * asynchronously. The asynchronous call uses twins, which are limits of the same rates under another name.
 */
abstract class StoreContractSection {

    private static final String TWIN = "twin-";

    final TestedStore tested;
    final VirtualClock clock = new VirtualClock();
    RateLimitStore store;

    StoreContractSection(TestedStore tested) {
        this.tested = tested;
    }

    @BeforeEach
    void openStore() {
        store = tested.createStore(clock);
    }

    @AfterEach
    void closeStore() {
        store.close();
    }

    /** Decides synchronously, and asynchronously on twins of the charges, and asserts that both decisions agree. */
    final Decision decide(Charge... charges) {
        return decide(Duration.ZERO, charges);
    }

    final Decision decide(Duration maxWait, Charge... charges) {
        return decideMerged(maxWait, Charge.merged(List.of(charges)));
    }

    /** Decides a queued call again, for the same leases. */
    final Decision retry(Decision queued) {
        return decideMerged(queued.maxWait(), queued.charges());
    }

    private Decision decideMerged(Duration maxWait, List<Charge> merged) {
        List<Charge> twins = merged.stream().map(StoreContractSection::twin).toList();
        Decision decision =
                merged.size() == 1 && maxWait.isZero() ? store.decide(merged.get(0)) : store.decide(merged, maxWait);
        Decision later = await(store, twins, maxWait);
        assertThat(figures(later)).as("asynchronous decision").isEqualTo(figures(decision));
        assertThat(later.admitted()).as("asynchronous decision").isEqualTo(decision.admitted());
        assertThat(later.waitTime()).as("asynchronous decision").isEqualTo(decision.waitTime());
        return decision;
    }

    /** Renews the leases of a decision and of its twin. */
    final LeaseState renew(Decision decision) {
        LeaseState state = await(store.renew(List.of(decision))).get(0);
        assertThat(await(store.renew(List.of(twin(decision))))).containsExactly(state);
        return state;
    }

    /** Refunds tokens of the only charge of a decision and of its twin. */
    final void refund(Decision decision, String tokens) {
        Charge taken = decision.charges().get(0);
        Charge unused = new Charge(taken.limit(), taken.key(), thousandths(tokens), taken.lease());
        await(store.refund(decision, List.of(unused)));
        await(store.refund(twin(decision), List.of(twin(unused))));
    }

    /** Debits tokens for the only charge of a decision and of its twin. */
    final void debit(Decision decision, String tokens) {
        Charge taken = decision.charges().get(0);
        Charge more = charge(taken.limit(), taken.key(), tokens);
        await(store.debit(decision, List.of(more)));
        await(store.debit(twin(decision), List.of(twin(more))));
    }

    private static Decision twin(Decision decision) {
        Charge taken = decision.charges().get(0);
        return Decision.of(List.of(twin(taken)), decision.maxWait(), true, granted(taken, decision));
    }

    /** Returns the observations of full rates at the ticks of a grant. */
    private static Observations granted(Charge charge, Decision decision) {
        long[] grants = decision.grantTicks(charge);
        Observations observations = Observations.ofRates(grants.length);
        for (int i = 0; i < grants.length; i++) {
            RateAlgorithm rate = charge.limit().algorithms().get(i);
            rate.observe(rate.full(grants[i]), grants[i], charge.cost(), observations, i);
        }
        return observations;
    }

    private static Charge twin(Charge charge) {
        return new Charge(twin(charge.limit()), charge.key(), charge.cost(), charge.lease());
    }

    /** Decides a charge of the given tokens without a wait. */
    final Decision tryAcquire(Limit limit, String key, String tokens) {
        return decide(charge(limit, key, tokens));
    }

    final Decision peek(Limit limit, String key) {
        return tryAcquire(limit, key, "0");
    }

    final void reset(Limit limit, String key) {
        store.reset(limit, key);
        store.reset(twin(limit), key);
    }

    final void remove(Limit limit) {
        store.limitRemoved(limit);
        store.limitRemoved(twin(limit));
    }

    /** Asserts that two keys of a limit have the same tokens and the same times. */
    final void assertSameStatus(Limit limit, String one, String other) {
        assertThat(figures(peek(limit, one))).isEqualTo(figures(peek(limit, other)));
    }

    static Charge charge(Limit limit, String key, String tokens) {
        return new Charge(limit, key, thousandths(tokens));
    }

    private static long thousandths(String tokens) {
        return new BigDecimal(tokens).movePointRight(3).longValueExact();
    }

    static Decision await(RateLimitStore store, List<Charge> charges) {
        return await(store, charges, Duration.ZERO);
    }

    static Decision await(RateLimitStore store, List<Charge> charges, Duration maxWait) {
        return await(store.decideAsync(charges, maxWait));
    }

    static <T> T await(CompletionStage<T> stage) {
        try {
            return stage.toCompletableFuture().get(30, TimeUnit.SECONDS);
        } catch (Exception ex) {
            throw new AssertionError("The asynchronous call failed", ex);
        }
    }

    /** Returns the figures that a decision reports of each rate, without the limit's name. */
    static List<List<Object>> figures(Decision decision) {
        return decision.statuses().stream().map(StoreContractSection::figures).toList();
    }

    static Duration retryAfter(Decision rejected) {
        return rejected.retryAfter()
                .orElseThrow(() -> new AssertionError("A rejection without a retry-after: " + rejected));
    }

    /** Returns the tick of the rate that counts in the longest ticks. */
    static Duration tick(Limit limit) {
        return Duration.ofNanos(limit.algorithms().stream()
                .mapToLong(rate -> rate.tickNanos())
                .max()
                .orElseThrow());
    }

    private static List<Object> figures(RateStatus status) {
        return List.of(status.rate(), status.admitted(), status.remaining(), status.retryAfter(), status.resetAfter());
    }

    private static Limit twin(Limit limit) {
        Limit.Builder twin = Limit.named(TWIN + limit.name())
                .rates(limit.rates())
                .algorithm(limit.algorithm())
                .refill(limit.refill())
                .cost(BigDecimal.ZERO);
        limit.concurrency().ifPresent(cap -> twin.maxConcurrent(cap.max(), cap.leaseTime()));
        limit.calendar().ifPresent(calendar -> twin.calendar(calendar, limit.zone()));
        return twin.build();
    }
}
