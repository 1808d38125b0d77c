package io.ratelimit.test;

import static java.util.Comparator.naturalOrder;
import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.Limit;
import io.ratelimit.RateStatus;
import io.ratelimit.algorithm.Algorithm;
import io.ratelimit.algorithm.ConcurrencyCap;
import io.ratelimit.algorithm.InvalidLimitException;
import io.ratelimit.algorithm.LeaseState;
import io.ratelimit.algorithm.Rate;
import io.ratelimit.test.ReferenceModel.Answer;
import io.ratelimit.test.ReferenceModel.Figures;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Compares random calls, refunds, debits, renewals and redefinitions with a {@link ReferenceModel}. */
abstract class StoreComparisonContract extends StoreContractSection {

    private static final int BATCH = 200;
    private static final int KEYS = 3;
    private static final Duration LONGEST_WAIT = Duration.ofDays(2);

    private final long seed = Long.getLong("io.ratelimit.contract.seed", System.nanoTime());
    private final Random random = new Random(seed);
    private final RandomLimits newLimits = new RandomLimits(random);
    private final ReferenceModel model = new ReferenceModel(clock);
    private final List<Limit> limits = new ArrayList<>();
    private final List<Decision> admitted = new ArrayList<>();
    private final List<Decision> queued = new ArrayList<>();
    private final Set<String> redefined = new HashSet<>();
    private Duration lastWait = Duration.ZERO;
    private boolean leasedOnly;

    StoreComparisonContract(TestedStore tested) {
        super(tested);
    }

    @Test
    void randomDecisionsMatchTheReferenceModel() {
        int decisions = tested.randomDecisions();
        for (int i = 0; i < decisions; i++) {
            if (i % BATCH == 0) {
                startBatch(i / BATCH);
            }
            passTime();
            change();
            decide(i);
        }
    }

    private void startBatch(int number) {
        limits.clear();
        admitted.clear();
        queued.clear();
        leasedOnly = random.nextInt(4) == 0;
        for (int i = 0; i <= random.nextInt(3); i++) {
            limits.add(newLimits.next("batch-" + number + "." + i, leasedOnly));
        }
    }

    /**
     * Makes a random call. The contract leaves two points open, which the test avoids. After a redefinition a full
     * bucket may or may not exist, so it is reset. A call that neither consumes tokens nor is short of them may or may
     * not move a bucket to the new configuration, so it is not made.
     */
    private void decide(int number) {
        boolean again = !queued.isEmpty() && random.nextInt(3) == 0;
        List<Charge> charges = again ? queuedCharges() : Charge.merged(randomCharges());
        Duration maxWait = again && random.nextBoolean() ? Duration.ZERO : randomWait(charges);
        for (Charge charge : charges) {
            if (redefined.contains(charge.limit().name()) && model.isFull(charge.limit(), charge.key())) {
                resetBoth(charge.limit(), charge.key());
            }
        }
        boolean admissible = charges.stream().noneMatch(charge -> model.isShort(charges, charge, maxWait));
        if (charges.stream()
                .anyMatch(charge -> model.isOfOtherConfiguration(charge.limit(), charge.key())
                        && !(charge.cost() > 0
                                && (admissible && fits(charges) || model.isShort(charges, charge, maxWait))))) {
            return;
        }
        Answer expected = model.decide(charges, maxWait);
        Decision decision = random.nextBoolean() ? decideNow(charges, maxWait) : await(store, charges, maxWait);
        List<Figures> figures = decision.statuses().stream()
                .map(status ->
                        new Figures(status.admitted(), status.remaining(), status.retryAfter(), status.resetAfter()))
                .toList();
        if (tested.cachesDenials() && !decision.admitted()) {
            expected = fromCache(expected, decision.statuses());
        }
        Answer answer = new Answer(decision.admitted(), decision.waitTime(), figures);
        if (!answer.equals(expected)) {
            throw new AssertionError("Decision " + number + " of -Dio.ratelimit.contract.seed=" + seed + " at "
                    + clock.now() + " for " + charges + " within " + maxWait + ":\n  model " + expected + "\n  store "
                    + answer);
        }
        if (decision.admitted()) {
            admitted.add(decision);
        } else if (decision.isQueued()) {
            queued.add(decision);
        }
        assertThat(decision.charges()).isEqualTo(charges);
        Duration wait = decision.retryAfter().filter(retry -> !retry.isZero()).orElse(decision.resetAfter());
        lastWait = wait.compareTo(LONGEST_WAIT) > 0 ? Duration.ZERO : wait;
    }

    /** Returns the expected rejection, in which a window may report fewer remaining tokens. */
    private static Answer fromCache(Answer expected, List<RateStatus> told) {
        List<Figures> figures = new ArrayList<>();
        for (int i = 0; i < told.size(); i++) {
            Figures exact = expected.figures().get(i);
            Algorithm algorithm = told.get(i).limit().algorithm();
            boolean windows = algorithm == Algorithm.SLIDING_WINDOW || algorithm == Algorithm.FIXED_WINDOW;
            double least = windows ? Math.min(exact.remaining(), told.get(i).remaining()) : exact.remaining();
            figures.add(new Figures(exact.admitted(), least, exact.retryAfter(), exact.resetAfter()));
        }
        return new Answer(expected.admitted(), expected.waitTime(), figures);
    }

    private Decision decideNow(List<Charge> charges, Duration maxWait) {
        return charges.size() == 1 && maxWait.isZero() && random.nextBoolean()
                ? store.decide(charges.get(0))
                : store.decide(charges, maxWait);
    }

    /** Returns the charges of a queued call, or random ones if a limit of that call was redefined. */
    private List<Charge> queuedCharges() {
        Decision waiting = queued.remove(random.nextInt(queued.size()));
        boolean same = waiting.charges().stream()
                .allMatch(charge -> limits.stream().anyMatch(limit -> limit == charge.limit()));
        return same ? waiting.charges() : Charge.merged(randomCharges());
    }

    /** Renews the leases of an admitted or queued call, or refunds them. */
    private void renew() {
        List<Decision> some = random.nextBoolean() ? admitted : queued;
        if (some.isEmpty()) {
            return;
        }
        Decision decision = some.get(random.nextInt(some.size()));
        List<Charge> leases = decision.leases();
        if (leases.isEmpty()
                || leases.stream().anyMatch(charge -> model.isOfOtherConfiguration(charge.limit(), charge.key()))) {
            return;
        }
        if (random.nextInt(4) == 0) {
            await(store.refund(decision, leases));
            leases.forEach(charge -> model.refund(charge, decision.grantTicks(charge)));
        } else {
            LeaseState expected =
                    leases.stream().map(model::renew).max(naturalOrder()).orElseThrow();
            assertThat(await(store.renew(List.of(decision))))
                    .as("-Dio.ratelimit.contract.seed=" + seed + " at " + clock.now() + " for " + leases)
                    .containsExactly(expected);
        }
    }

    /**
     * Refunds or debits a part of an earlier decision, but only charges whose configuration is still the current one.
     */
    private void settle() {
        if (admitted.isEmpty()) {
            return;
        }
        Decision decision = admitted.remove(random.nextInt(admitted.size()));
        List<Charge> unused = new ArrayList<>();
        for (Charge charge : decision.charges()) {
            if (random.nextBoolean() && !isReconfigured(charge)) {
                long cost = random.nextBoolean() ? charge.cost() : random.nextLong(charge.cost() + 1);
                unused.add(new Charge(charge.limit(), charge.key(), cost, charge.lease()));
            }
        }
        if (unused.isEmpty()) {
            return;
        }
        if (random.nextInt(3) > 0) {
            await(store.refund(decision, unused));
            unused.forEach(charge -> model.refund(charge, decision.grantTicks(charge)));
        } else {
            List<Charge> more = unused.stream()
                    .map(charge -> new Charge(
                            charge.limit(),
                            charge.key(),
                            randomCost(2 * charge.limit().capacity()),
                            charge.lease()))
                    .toList();
            await(store.debit(decision, more));
            more.forEach(model::debit);
        }
    }

    private boolean isReconfigured(Charge charge) {
        return model.isOfOtherConfiguration(charge.limit(), charge.key())
                || redefined.contains(charge.limit().name()) && model.isFull(charge.limit(), charge.key());
    }

    private Duration randomWait(List<Charge> charges) {
        if (!tested.waitsForSeveralKeys()
                && charges.stream().map(Charge::key).distinct().count() > 1) {
            return Duration.ZERO;
        }
        Duration wait = switch (random.nextInt(6)) {
            case 0 -> lastWait;
            case 1 -> atLeastZero(lastWait.minusNanos(1));
            case 2 ->
                Duration.ofNanos(
                        (long) (random.nextDouble() * 5 * randomPeriod().toNanos()));
            default -> charges.get(0).limit().isLeased() ? LONGEST_WAIT : Duration.ZERO;
        };
        for (Charge charge : charges) {
            try {
                charge.limit().requireWait(charge.limit().canWait() ? wait : Duration.ZERO);
            } catch (InvalidLimitException ex) {
                return Duration.ZERO;
            }
        }
        return wait;
    }

    private static boolean fits(List<Charge> charges) {
        return charges.stream()
                .allMatch(charge -> charge.cost() <= charge.limit().capacity());
    }

    private List<Charge> randomCharges() {
        List<Charge> charges = new ArrayList<>();
        int count = random.nextInt(3) == 0 ? 1 + random.nextInt(4) : 1;
        for (int i = 0; i < count; i++) {
            Limit limit = limits.get(random.nextInt(limits.size()));
            long cost = limit.isLeased() && random.nextBoolean()
                    ? (limit.capacity() + 2) / 3
                    : randomCost(limit.capacity());
            charges.add(new Charge(limit, "key-" + random.nextInt(limit.isLeased() ? 1 : KEYS), cost));
        }
        return charges;
    }

    private long randomCost(long capacity) {
        return switch (random.nextInt(12)) {
            case 0 -> 0;
            case 1 -> 1;
            case 2 -> capacity;
            case 3 -> capacity + 1 + random.nextInt(1_000);
            case 4, 5 -> 1 + (long) (random.nextDouble() * capacity);
            default -> Math.min(capacity, 1 + (long) (random.nextDouble() * capacity / 5));
        };
    }

    private void passTime() {
        int kind = random.nextInt(24);
        if (kind < 8) {
            return;
        }
        if (kind == 23 && tested.ownsWallClock()) {
            stepBack();
            return;
        }
        clock.advance(
                switch (kind) {
                    case 8, 9 -> lastWait;
                    case 10 -> atLeastZero(lastWait.minusNanos(1_000));
                    case 11 -> atLeastZero(lastWait.minusMillis(1));
                    case 12 -> lastWait.plusNanos(1_000);
                    case 13 -> lastWait.plusMillis(1);
                    case 14 -> Duration.ofDays(random.nextInt(50) == 0 ? 30 : 0);
                    case 15, 16 -> Duration.ofNanos(random.nextInt(3_000_000));
                    case 17 -> Duration.ofNanos(random.nextInt(1_000));
                    default ->
                        Duration.ofNanos(
                                (long) (random.nextDouble() * randomPeriod().toNanos() / 3));
                });
    }

    private void stepBack() {
        Duration step = random.nextInt(4) == 0
                ? Duration.ofDays(random.nextInt(40))
                : Duration.ofNanos((long) (random.nextDouble() * randomPeriod().toNanos() / 2));
        clock.stepBack(Collections.min(List.of(step, clock.now())));
    }

    private Duration randomPeriod() {
        Limit limit = limits.get(random.nextInt(limits.size()));
        List<Rate> rates = limit.rates();
        int count = Math.max(1, rates.size());
        int rate = random.nextInt(count);
        return limit.concurrency()
                .map(ConcurrencyCap::leaseTime)
                .orElseGet(() -> rates.get(rate).period());
    }

    private void change() {
        int kind = random.nextInt(100);
        int which = random.nextInt(limits.size());
        if (kind > 90) {
            settle();
        } else if (kind > (leasedOnly ? 60 : 80)) {
            renew();
        } else if (kind < 2) {
            resetBoth(limits.get(which), "key-" + random.nextInt(KEYS));
        } else if (kind < 4) {
            limits.set(which, newLimits.next(limits.get(which).name(), leasedOnly));
            redefined.add(limits.get(which).name());
        }
    }

    private void resetBoth(Limit limit, String key) {
        store.reset(limit, key);
        model.reset(limit, key);
    }

    private static Duration atLeastZero(Duration duration) {
        return duration.isNegative() ? Duration.ZERO : duration;
    }
}
