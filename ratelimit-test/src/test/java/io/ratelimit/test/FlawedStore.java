package io.ratelimit.test;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.Limit;
import io.ratelimit.RateLimitStore;
import io.ratelimit.algorithm.Algorithm;
import io.ratelimit.algorithm.ConcurrencyLeases;
import io.ratelimit.algorithm.LeaseState;
import io.ratelimit.algorithm.Observations;
import io.ratelimit.algorithm.RateAlgorithm;
import io.ratelimit.algorithm.TokenBucket;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * A simple store with a flaw to choose, in order to show that the contract fails it. It keeps all states behind one
 * lock, on a clock that may be set back. As a second implementation of the SPI it forwards to no other store.
 */
final class FlawedStore implements RateLimitStore {

    enum Flaw {
        NONE,
        REFILLS_A_TICK_TOO_MUCH,
        ROUNDS_ON_REJECTION,
        ROUNDS_ON_ADMISSION,
        CHARGES_ONE_BY_ONE,
        HAS_NO_LOCK,
        CONSUMES_TWICE_WHEN_ASYNCHRONOUS,
        IGNORES_THE_CASE_OF_KEYS,
        JOINS_LIMIT_AND_KEY,
        IGNORES_RESETS,
        REMOVES_LIMITS_BY_PREFIX,
        KEEPS_THE_SHARED_BUCKET_OF_A_REMOVED_LIMIT,
        LOSES_THE_LEASES_OF_A_REMOVED_LIMIT,
        REJECTS_A_COST_OF_ZERO,
        REFILLS_WHEN_REDEFINED,
        WRITES_NO_REJECTION_WHEN_REDEFINED,
        WRITES_EVERY_REJECTION_WHEN_REDEFINED,
        RESTORES_OLDER_CONFIGURATIONS,
        CREDITS_TIME_TWICE_WHEN_SET_BACK,
        STALLS_WHEN_SET_BACK,
        STARTS_PERIODS_AT_THE_EPOCH,
        NEVER_WAITS,
        WAITS_TOO_LONG,
        CONSUMES_NOTHING_FOR_A_RESERVATION,
        DATES_RESERVATIONS_NOW,
        IGNORES_REFUNDS,
        REFUNDS_TWICE,
        FORGETS_RESERVATIONS,
        IGNORES_DEBITS,
        DEBITS_WITHOUT_BOUND,
        NEVER_QUEUES,
        QUEUES_AT_THE_END_EACH_TIME,
        NEVER_LEAVES_THE_QUEUE,
        LETS_CALLS_OVERTAKE,
        IGNORES_RENEWALS,
        RENEWS_EXPIRED_LEASES,
        NEVER_TELLS_OF_LEASES
    }

    private record Stored(Limit limit, long[][] states) {}

    /** The state of each rate of a charge, and the rate of another configuration that each of them continues. */
    private record Loaded(
            Charge charge, long[][] states, @Nullable RateAlgorithm[] before, boolean afterStepBack) {

        RateAlgorithm rate(int i) {
            return charge.algorithms().get(i);
        }

        ConcurrencyLeases leases() {
            return Objects.requireNonNull(rate(0).asLeases());
        }
    }

    private final Map<String, Stored> keys = new ConcurrentHashMap<>();
    private final LongSupplier clock;
    private final Flaw flaw;
    private LongConsumer ready = lease -> {};

    FlawedStore(LongSupplier clock, Flaw flaw) {
        this.clock = clock;
        this.flaw = flaw;
    }

    @Override
    public String name() {
        return "flawed";
    }

    @Override
    public Decision decide(List<Charge> charges, Duration maxWait) {
        Duration within = switch (flaw) {
            case NEVER_WAITS -> Duration.ZERO;
            case WAITS_TOO_LONG -> maxWait.isZero() ? maxWait : maxWait.plusMillis(1);
            default -> maxWait;
        };
        if (flaw == Flaw.HAS_NO_LOCK) {
            return decideAll(charges, within);
        }
        synchronized (keys) {
            return decideAll(charges, within);
        }
    }

    @Override
    public CompletionStage<Decision> decideAsync(List<Charge> charges, Duration maxWait) {
        if (flaw == Flaw.CONSUMES_TWICE_WHEN_ASYNCHRONOUS) {
            decide(charges, maxWait);
        }
        return CompletableFuture.completedFuture(decide(charges, maxWait));
    }

    @Override
    public CompletionStage<Void> refund(Decision taken, List<Charge> unused) {
        synchronized (keys) {
            for (Charge charge : unused) {
                if (charge.cost() > 0 && keys.containsKey(bucketName(charge)) && flaw != Flaw.IGNORES_REFUNDS) {
                    refund(charge, taken.grantTicks(charge));
                }
            }
        }
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletionStage<Void> debit(Decision taken, List<Charge> more) {
        synchronized (keys) {
            for (Charge charge : more) {
                Loaded loaded = load(asStored(charge));
                for (int i = 0; i < loaded.states.length && charge.cost() > 0; i++) {
                    loaded.states[i] = flaw == Flaw.DEBITS_WITHOUT_BOUND
                            ? loaded.rate(i).consume(loaded.states[i], charge.cost(), loaded.states[i][0])
                            : loaded.rate(i).debit(loaded.states[i], charge.cost());
                }
                if (charge.cost() > 0 && flaw != Flaw.IGNORES_DEBITS) {
                    keys.put(bucketName(charge), new Stored(loaded.charge.limit(), loaded.states));
                }
            }
        }
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletionStage<List<LeaseState>> renew(List<Decision> decisions) {
        synchronized (keys) {
            return CompletableFuture.completedFuture(
                    decisions.stream().map(this::renew).toList());
        }
    }

    private LeaseState renew(Decision decision) {
        LeaseState worst = LeaseState.HELD;
        for (Charge charge : decision.leases()) {
            if (charge.limit().isRemoved() && flaw != Flaw.LOSES_THE_LEASES_OF_A_REMOVED_LIMIT) {
                continue;
            }
            Loaded loaded = load(charge);
            ConcurrencyLeases leases = loaded.leases();
            LeaseState state = leases.leaseState(loaded.states[0]);
            if (state == LeaseState.LOST && flaw == Flaw.RENEWS_EXPIRED_LEASES) {
                state = LeaseState.HELD;
            } else if (state != LeaseState.LOST && flaw != Flaw.IGNORES_RENEWALS) {
                loaded.states[0] = leases.renew(loaded.states[0]);
                keys.put(bucketName(charge), new Stored(charge.limit(), loaded.states));
            }
            worst = state.compareTo(worst) > 0 ? state : worst;
        }
        return worst;
    }

    @Override
    public void onLeaseReady(LongConsumer listener) {
        ready = listener;
    }

    /** Enters or leaves the queue after a rejection. */
    private void queue(Loaded loaded, boolean queued) {
        Charge charge = loaded.charge;
        if (charge.lease() == 0 || flaw == Flaw.NEVER_QUEUES) {
            return;
        }
        ConcurrencyLeases leases = loaded.leases();
        long[] state = loaded.states[0];
        if (queued && flaw == Flaw.QUEUES_AT_THE_END_EACH_TIME) {
            state = leases.leaveQueue(state);
        }
        long[] next = queued
                ? leases.enqueue(state, charge.cost())
                : flaw == Flaw.NEVER_LEAVES_THE_QUEUE ? state : leases.leaveQueue(state);
        if (next != loaded.states[0]) {
            loaded.states[0] = next;
            keys.put(bucketName(charge), new Stored(charge.limit(), loaded.states));
        }
    }

    /** Tells the listener of queued leases that are ready. */
    private void notifyReady(Loaded loaded) {
        if (loaded.charge.lease() != 0 && flaw != Flaw.NEVER_TELLS_OF_LEASES) {
            for (long lease : loaded.leases().readyLeases(loaded.states[0])) {
                ready.accept(lease);
            }
        }
    }

    @Override
    public void reset(Limit limit, String key) {
        synchronized (keys) {
            if (flaw != Flaw.IGNORES_RESETS) {
                keys.remove(bucketName(new Charge(limit, key, 0)));
            }
        }
    }

    @Override
    public void limitRemoved(Limit limit) {
        String prefix = limit.name() + (flaw == Flaw.REMOVES_LIMITS_BY_PREFIX ? "" : " ");
        boolean keepsShared = flaw == Flaw.KEEPS_THE_SHARED_BUCKET_OF_A_REMOVED_LIMIT;
        synchronized (keys) {
            keys.keySet().removeIf(name -> name.startsWith(prefix) && !(keepsShared && name.equals(prefix)));
        }
    }

    @Override
    public void close() {}

    private void refund(Charge charge, long[] grants) {
        Loaded loaded = load(asStored(charge));
        boolean full = true;
        for (int i = 0; i < loaded.states.length; i++) {
            RateAlgorithm rate = loaded.rate(i);
            for (int j = 0; j < grants.length; j++) {
                boolean took = rate.canMigrateFrom(charge.limit().algorithms().get(j));
                for (int times = !took ? 0 : flaw == Flaw.REFUNDS_TWICE ? 2 : 1; times > 0; times--) {
                    loaded.states[i] = rate.refund(loaded.states[i], charge.cost(), grants[j]);
                }
            }
            full &= rate.isFull(loaded.states[i]);
        }
        if (full) {
            keys.remove(bucketName(charge));
        } else {
            keys.put(bucketName(charge), new Stored(loaded.charge.limit(), loaded.states));
        }
        notifyReady(loaded);
    }

    /** Returns the charge under the configuration by which its key was last written. */
    private Charge asStored(Charge charge) {
        Stored stored = keys.get(bucketName(charge));
        if (stored == null || flaw == Flaw.RESTORES_OLDER_CONFIGURATIONS) {
            return charge;
        }
        return stored.limit.isLeased() && charge.lease() != 0
                ? new Charge(stored.limit, charge.key(), charge.cost(), charge.lease())
                : new Charge(stored.limit, charge.key(), charge.cost());
    }

    private Decision decideAll(List<Charge> charges, Duration maxWait) {
        List<Loaded> all = charges.stream().map(this::load).toList();
        int rates = all.stream().mapToInt(loaded -> loaded.states.length).sum();
        Observations observations = Observations.ofRates(rates);
        Duration reservable = Decision.maxReservation(charges, maxWait);
        boolean admitted = true;
        long waitNanos = 0;
        int first = 0;
        for (Loaded loaded : all) {
            for (int i = 0; i < loaded.states.length; i++, first++) {
                RateAlgorithm rate = loaded.rate(i);
                boolean overtakes = flaw == Flaw.LETS_CALLS_OVERTAKE && rate.asLeases() != null;
                rate.observe(
                        overtakes ? withoutQueue(loaded.states[i]) : loaded.states[i],
                        now(rate),
                        loaded.charge.cost(),
                        observations,
                        first);
                long wait = rate.ticksUntilAdmitted(observations, first, loaded.charge.cost());
                admitted &= wait <= rate.waitWithin(reservable);
                waitNanos = admitted ? Math.max(waitNanos, wait * rate.tickNanos()) : 0;
                admitted &= flaw != Flaw.REJECTS_A_COST_OF_ZERO || rate.remaining(observations, first, 0) > 0;
            }
        }
        if (flaw == Flaw.HAS_NO_LOCK) {
            LockSupport.parkNanos(50_000);
        }
        first = 0;
        for (Loaded loaded : all) {
            save(loaded, admitted, waitNanos, reservable, observations, first);
            first += loaded.states.length;
        }
        Decision decision = Decision.of(charges, maxWait, admitted, observations);
        for (Loaded loaded : all) {
            if (!admitted) {
                queue(loaded, decision.isQueued());
            }
            notifyReady(loaded);
        }
        return decision;
    }

    private void save(
            Loaded loaded, boolean admitted, long waitNanos, Duration maxWait, Observations observations, int first) {
        Charge charge = loaded.charge;
        boolean fits = firstRejecting(loaded, maxWait, observations, first) < 0;
        if (charge.cost() == 0 || flaw == Flaw.CONSUMES_NOTHING_FOR_A_RESERVATION && waitNanos > 0) {
            return;
        }
        long[][] states = loaded.states.clone();
        if (admitted || flaw == Flaw.CHARGES_ONE_BY_ONE && fits) {
            for (int i = 0; i < states.length; i++) {
                RateAlgorithm rate = loaded.rate(i);
                long wait = flaw == Flaw.DATES_RESERVATIONS_NOW ? 0 : waitNanos / rate.tickNanos();
                long granted = observations.instant(first + i) + wait;
                states[i] = rounded(rate, rate.consume(states[i], charge.cost(), granted), Flaw.ROUNDS_ON_ADMISSION);
            }
        } else if (isRejectionWritten(loaded, maxWait, observations, first)) {
            keys.put(bucketName(charge), new Stored(charge.limit(), states));
            return;
        } else if (flaw == Flaw.ROUNDS_ON_REJECTION) {
            for (int i = 0; i < states.length; i++) {
                states[i] = rounded(loaded.rate(i), states[i], Flaw.ROUNDS_ON_REJECTION);
            }
        } else {
            return;
        }
        keys.put(bucketName(charge), new Stored(charge.limit(), states));
    }

    private long[] rounded(RateAlgorithm rate, long[] state, Flaw by) {
        TokenBucket bucket = rate.asSmoothTokenBucket();
        if (flaw != by || bucket == null) {
            return state;
        }
        return new long[] {state[0], Math.floorDiv(state[1], bucket.unitsPerThousandth()) * bucket.unitsPerThousandth()
        };
    }

    /** Returns the index of the first rate that rejects the charge; -1 if all admit it. */
    private static int firstRejecting(Loaded loaded, Duration maxWait, Observations observations, int first) {
        for (int i = 0; i < loaded.states.length; i++) {
            if (rejects(loaded, i, maxWait, observations, first)) {
                return i;
            }
        }
        return -1;
    }

    private static boolean rejects(Loaded loaded, int i, Duration maxWait, Observations observations, int first) {
        RateAlgorithm rate = loaded.rate(i);
        long wait = rate.ticksUntilAdmitted(observations, first + i, loaded.charge.cost());
        return wait > rate.waitWithin(maxWait);
    }

    /**
     * Returns only the held leases: entries of three numbers after the time, of which the second is negative if queued.
     */
    private static long[] withoutQueue(long[] state) {
        LongStream.Builder held = LongStream.builder().add(state[0]);
        for (int i = 1; i < state.length; i += 3) {
            if (state[i + 1] > 0) {
                held.add(state[i]).add(state[i + 1]).add(state[i + 2]);
            }
        }
        return held.build().toArray();
    }

    /** Returns whether a rejection has to write the key: it has a slower configuration, or a time in the future. */
    private boolean isRejectionWritten(Loaded loaded, Duration maxWait, Observations observations, int first) {
        if (loaded.charge.cost() > loaded.charge.limit().capacity()
                || firstRejecting(loaded, maxWait, observations, first) < 0) {
            return false;
        }
        if (loaded.afterStepBack) {
            return flaw != Flaw.STALLS_WHEN_SET_BACK;
        }
        boolean foreign = false;
        for (int i = 0; i < loaded.states.length; i++) {
            RateAlgorithm before = loaded.before[i];
            foreign |= before != null;
            if (before != null
                    && rejects(loaded, i, maxWait, observations, first)
                    && loaded.rate(i).isFasterThan(before)) {
                return flaw != Flaw.WRITES_NO_REJECTION_WHEN_REDEFINED;
            }
        }
        return foreign && flaw == Flaw.WRITES_EVERY_REJECTION_WHEN_REDEFINED;
    }

    private Loaded load(Charge charge) {
        List<RateAlgorithm> rates = charge.algorithms();
        Stored stored = keys.get(bucketName(charge));
        long[][] states = new long[rates.size()][];
        RateAlgorithm[] before = new RateAlgorithm[states.length];
        if (stored == null || !isOf(stored.limit, charge.limit()) && flaw == Flaw.REFILLS_WHEN_REDEFINED) {
            return full(charge);
        }
        List<RateAlgorithm> old = stored.limit.algorithms();
        long[][] now = new long[old.size()][];
        boolean afterStepBack = false;
        boolean full = true;
        int mostUsed = 0;
        for (int i = 0; i < now.length; i++) {
            afterStepBack |= old.get(i).clockMovedBack(stored.states[i], now(old.get(i)));
            now[i] = refreshed(old.get(i), stored.states[i].clone());
            full &= old.get(i).isFull(now[i]);
            mostUsed = old.get(i).used(now[i]) > old.get(mostUsed).used(now[mostUsed]) ? i : mostUsed;
        }
        if (full) {
            return full(charge);
        }
        if (isOf(stored.limit, charge.limit())) {
            return new Loaded(charge, now, before, afterStepBack);
        }
        for (int i = 0; i < states.length; i++) {
            RateAlgorithm rate = rates.get(i);
            states[i] = rate.fullWithUsed(old.get(mostUsed).used(now[mostUsed]), now(rate));
            before[i] = old.get(mostUsed);
            for (int j = old.size() - 1; j >= 0; j--) {
                if (rate.canMigrateFrom(old.get(j))) {
                    states[i] = rate.migrate(now[j], old.get(j), now(rate));
                    before[i] = old.get(j);
                }
            }
        }
        return new Loaded(charge, states, before, afterStepBack);
    }

    private Loaded full(Charge charge) {
        List<RateAlgorithm> rates = charge.limit().algorithms();
        long[][] states = new long[rates.size()][];
        for (int i = 0; i < states.length; i++) {
            states[i] = rates.get(i).full(now(rates.get(i)));
        }
        return new Loaded(charge, states, new RateAlgorithm[states.length], false);
    }

    private long[] refreshed(RateAlgorithm rate, long[] state) {
        long now = now(rate);
        long[] from = state;
        if (flaw == Flaw.CREDITS_TIME_TWICE_WHEN_SET_BACK && now < state[0]) {
            from = state.clone();
            from[0] = now;
        }
        if (flaw == Flaw.FORGETS_RESERVATIONS && rate.algorithm() != Algorithm.TOKEN_BUCKET && state.length > 3) {
            from = rate.full(state[0]);
        }
        if (flaw == Flaw.STARTS_PERIODS_AT_THE_EPOCH && rate.isInterval()) {
            from = new long[] {state[0] / rate.period() * rate.period(), state[1]};
        }
        boolean tickTooMuch = flaw == Flaw.REFILLS_A_TICK_TOO_MUCH && now > state[0];
        return rate.advance(from, tickTooMuch ? now + 1 : now);
    }

    private static boolean isOf(Limit one, Limit other) {
        return one.rates().equals(other.rates())
                && one.concurrency().equals(other.concurrency())
                && one.algorithm() == other.algorithm()
                && one.refill() == other.refill()
                && one.calendar().equals(other.calendar())
                && one.zone().equals(other.zone());
    }

    private long now(RateAlgorithm rate) {
        return clock.getAsLong() / rate.tickNanos();
    }

    private String bucketName(Charge charge) {
        String key = flaw == Flaw.IGNORES_THE_CASE_OF_KEYS ? charge.key().toLowerCase(Locale.ROOT) : charge.key();
        return charge.limit().name() + (flaw == Flaw.JOINS_LIMIT_AND_KEY ? "." : " ") + key;
    }
}
