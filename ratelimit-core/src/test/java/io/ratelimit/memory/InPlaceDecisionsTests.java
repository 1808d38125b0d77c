package io.ratelimit.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.Limit;
import io.ratelimit.algorithm.Algorithm;
import io.ratelimit.algorithm.Refill;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Compares decisions in place with those on copies: two stores on one clock get the same calls. */
class InPlaceDecisionsTests {

    private static final int CALLS = 60_000;
    private static final List<Limit> LIMITS = List.of(
            Limit.of("smooth", "7/s burst 20"),
            Limit.of("smooth-several", "7/s burst 20", "100/1m"),
            Limit.named("interval")
                    .rates("20/s", "90/1m")
                    .refill(Refill.INTERVAL)
                    .build(),
            Limit.named("interval-one").rates("7/2s").refill(Refill.INTERVAL).build(),
            limit("log", Algorithm.SLIDING_WINDOW, "20/s", "90/1m"),
            limit("log-one", Algorithm.SLIDING_WINDOW, "7/2s"),
            limit("window-one", Algorithm.FIXED_WINDOW, "7/2s"),
            limit("counter", Algorithm.SLIDING_WINDOW_COUNTER, "20/s"),
            limit("counter-one", Algorithm.SLIDING_WINDOW_COUNTER, "7/2s"),
            limit("window", Algorithm.FIXED_WINDOW, "20/s", "300/1m"),
            Limit.named("leases").maxConcurrent(8, Duration.ofSeconds(5)).build());

    private final AtomicLong nanos = new AtomicLong(1_700_000_000_000_000_000L);
    private final InMemoryRateLimitStore inPlace = InMemoryRateLimitStore.create(nanos::get, 1_000);
    private final InMemoryRateLimitStore onCopies = InMemoryRateLimitStore.create(nanos::get, 1_000);

    @AfterEach
    void close() {
        inPlace.close();
        onCopies.close();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void decideLikeCopies(long seed) {
        Random random = new Random(seed);
        List<Long> ready = new ArrayList<>();
        List<Long> expectedReady = new ArrayList<>();
        inPlace.onLeaseReady(ready::add);
        onCopies.onLeaseReady(expectedReady::add);
        List<Decision> running = new ArrayList<>();
        Map<String, Integer> decidedInPlace = new TreeMap<>();
        for (int i = 0; i < CALLS; i++) {
            nanos.addAndGet((long) (random.nextDouble() * 100_000_000));
            List<Charge> charges = charges(random);
            Duration maxWait = random.nextInt(4) == 0 ? Duration.ofMillis(random.nextInt(2_000)) : Duration.ZERO;
            Decision decision = inPlace.decideInPlace(charges, maxWait);
            if (decision == null) {
                decision = inPlace.decide(charges, maxWait);
            } else {
                String limit = charges.get(0).limit().name();
                decidedInPlace.merge(charges.size() == 1 ? limit : "several", 1, Integer::sum);
            }
            Decision expected = onCopies.decideOnCopies(charges, maxWait);
            assertThat(decision.admitted()).as("call %s", i).isEqualTo(expected.admitted());
            assertThat(decision.statuses()).as("call %s", i).isEqualTo(expected.statuses());
            assertThat(decision.waitTime()).as("call %s", i).isEqualTo(expected.waitTime());
            assertThat(decision.isQueued()).as("call %s", i).isEqualTo(expected.isQueued());
            assertThat(ready).as("call %s", i).isEqualTo(expectedReady);
            ready.clear();
            expectedReady.clear();
            if (decision.admitted() || decision.isQueued()) {
                running.add(decision);
            }
            if (running.size() > 20) {
                refund(running.remove(random.nextInt(running.size())), random);
            }
        }
        assertThat(decidedInPlace).hasSize(LIMITS.size() + 1);
        assertThat(decidedInPlace.values()).allMatch(calls -> calls > CALLS / 100);
        assertThat(decidedInPlace.values().stream().mapToInt(Integer::intValue).sum())
                .isGreaterThan(CALLS / 2);
    }

    /** Refunds all tokens, or some, on both stores; a lease is often released alone. */
    private void refund(Decision decision, Random random) {
        List<Charge> unused = decision.charges();
        if (random.nextBoolean()) {
            unused = List.of(unused.get(random.nextInt(unused.size())));
        }
        if (random.nextInt(5) == 0) {
            unused = unused.stream()
                    .map(charge -> charge.withCost(charge.cost() / 2))
                    .toList();
        }
        if (decision.admitted() || unused.stream().allMatch(Charge::isLeased)) {
            inPlace.refund(decision, unused);
            onCopies.refundOnCopies(decision, unused);
        }
    }

    private static List<Charge> charges(Random random) {
        List<Charge> charges = new ArrayList<>();
        int limits = random.nextBoolean() ? 1 : 1 + random.nextInt(4);
        for (int i = 0; i < limits; i++) {
            Limit limit = LIMITS.get(random.nextInt(LIMITS.size()));
            long cost = random.nextInt(10) == 0 ? 0 : random.nextInt(10) == 0 ? 25_000 : 1 + random.nextInt(6_000);
            charges.add(new Charge(limit, "key-" + random.nextInt(3), cost));
        }
        return Charge.merged(charges);
    }

    private static Limit limit(String name, Algorithm algorithm, String... rates) {
        return Limit.named(name).rates(rates).algorithm(algorithm).build();
    }
}
