package io.ratelimit.test;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.Limit;
import io.ratelimit.RateLimitStore;
import io.ratelimit.Reading;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A store on a virtual clock for each test, and decisions on it that are made twice, synchronously and not. */
abstract class OpenStore {

    private static final String TWIN = "twin-";

    final RateLimitStoreContract contract;
    final VirtualClock clock = new VirtualClock();
    RateLimitStore store;

    OpenStore(RateLimitStoreContract contract) {
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
        List<Charge> merged = Charge.merged(List.of(charges));
        List<Charge> twins = Charge.merged(Arrays.stream(charges)
                .map(charge -> new Charge(twin(charge.limit()), charge.key(), charge.cost()))
                .toList());
        Decision decision = merged.size() == 1 ? store.decide(merged.get(0)) : store.decide(merged, Duration.ZERO);
        Decision later = await(store, twins);
        assertThat(figures(later)).as("asynchronous decision").isEqualTo(figures(decision));
        assertThat(later.admitted()).as("asynchronous decision").isEqualTo(decision.admitted());
        return decision;
    }

    /** Takes so many tokens of one key. */
    final Decision take(Limit limit, String key, String tokens) {
        return decide(charge(limit, key, tokens));
    }

    final Decision peek(Limit limit, String key) {
        return take(limit, key, "0");
    }

    final void forget(Limit limit, String key) {
        store.forget(limit, key);
        store.forget(twin(limit), key);
    }

    static Charge charge(Limit limit, String key, String tokens) {
        return new Charge(limit, key, new BigDecimal(tokens).movePointRight(3).longValueExact());
    }

    static Decision await(RateLimitStore store, List<Charge> charges) {
        try {
            return store.decideAsync(charges, Duration.ZERO)
                    .toCompletableFuture()
                    .get(30, TimeUnit.SECONDS);
        } catch (Exception ex) {
            throw new AssertionError("The asynchronous decision failed", ex);
        }
    }

    /** What a decision says of each rate, without the limit's name. */
    static List<List<Object>> figures(Decision decision) {
        return decision.readings().stream().map(OpenStore::figures).toList();
    }

    static Duration retryAfter(Decision refused) {
        return refused.retryAfter().orElseThrow(() -> new AssertionError("No retry-after: " + refused));
    }

    /** The smallest step of time in which all rates of a limit count. */
    static Duration tick(Limit limit) {
        return Duration.ofNanos(limit.arithmetic().stream()
                .mapToLong(rate -> rate.tickNanos())
                .max()
                .orElseThrow());
    }

    private static List<Object> figures(Reading reading) {
        return List.of(
                reading.rate(), reading.admitted(), reading.remaining(), reading.retryAfter(), reading.resetAfter());
    }

    private static Limit twin(Limit limit) {
        return Limit.named(TWIN + limit.name())
                .rates(limit.rates())
                .refill(limit.refill())
                .cost(BigDecimal.ZERO)
                .build();
    }
}
