package io.ratelimit.test;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.LeaseState;
import io.ratelimit.Limit;
import io.ratelimit.Observations;
import io.ratelimit.RateAlgorithm;
import io.ratelimit.RateLimitStore;
import io.ratelimit.RateStatus;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A store on a virtual clock for each test, and decisions on it that are made twice, synchronously and not. */
abstract class StoreContractSection {

    private static final String TWIN = "twin-";

    final RateLimitStoreContract contract;
    final VirtualClock clock = new VirtualClock();
    RateLimitStore store;

    StoreContractSection(RateLimitStoreContract contract) {
        this.contract = contract;
    }

    @BeforeEach
    void openStore() {
        store = contract.createStore(clock);
    }

    @AfterEach
    void closeStore() {
        store.close();
    }

    /** Decides synchronously, and asynchronously on twins of the same buckets; both must say the same. */
    final Decision decide(Charge... charges) {
        return decide(Duration.ZERO, charges);
    }

    final Decision decide(Duration maxWait, Charge... charges) {
        return decideMerged(maxWait, Charge.merged(List.of(charges)));
    }

    /** Decides a call anew that queued, for the same leases. */
    final Decision again(Decision queued) {
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

    /** Makes the leases of a decision last, and those of its twin. */
    final LeaseState renew(Decision decision) {
        LeaseState state = await(store.renew(List.of(decision))).get(0);
        assertThat(await(store.renew(List.of(twin(decision))))).containsExactly(state);
        return state;
    }

    /** Gives part of the only charge of a decision back, and as much to its twin. */
    final void refund(Decision decision, String tokens) {
        Charge taken = decision.charges().get(0);
        Charge unused = new Charge(taken.limit(), taken.key(), thousandths(tokens), taken.lease());
        await(store.refund(decision, List.of(unused)));
        await(store.refund(twin(decision), List.of(twin(unused))));
    }

    /** Takes more for the only charge of a decision, and as much for its twin. */
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

    /** What a rate of no wait sees at the instants of a grant. */
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

    /** Takes so many tokens of one key. */
    final Decision take(Limit limit, String key, String tokens) {
        return decide(charge(limit, key, tokens));
    }

    final Decision peek(Limit limit, String key) {
        return take(limit, key, "0");
    }

    final void reset(Limit limit, String key) {
        store.reset(limit, key);
        store.reset(twin(limit), key);
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

    /** What a decision says of each rate, without the limit's name. */
    static List<List<Object>> figures(Decision decision) {
        return decision.statuses().stream().map(StoreContractSection::figures).toList();
    }

    static Duration retryAfter(Decision refused) {
        return refused.retryAfter().orElseThrow(() -> new AssertionError("No retry-after: " + refused));
    }

    /** The smallest step of time in which all rates of a limit count. */
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
