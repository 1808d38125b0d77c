package io.ratelimit.test;

import io.ratelimit.Algorithm;
import io.ratelimit.Charge;
import io.ratelimit.ConcurrencyLeases;
import io.ratelimit.Decision;
import io.ratelimit.LeaseState;
import io.ratelimit.Limit;
import io.ratelimit.Observations;
import io.ratelimit.RateAlgorithm;
import io.ratelimit.RateLimitStore;
import io.ratelimit.TokenBucket;
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

/** A store behind one lock, of states on a clock that may be set back; and what can be wrong with it. */
final class LevelStore implements RateLimitStore {

    enum Flaw {
        NONE,
        REFILLS_A_TICK_TOO_MUCH,
        ROUNDS_ON_REFUSAL,
        ROUNDS_ON_ADMISSION,
        CHARGES_ONE_BY_ONE,
        HAS_NO_LOCK,
        TAKES_TWICE_WHEN_ASYNCHRONOUS,
        IGNORES_THE_CASE_OF_KEYS,
        JOINS_LIMIT_AND_KEY,
        FORGETS_NOTHING,
        LETS_NO_FREE_CALL_PASS,
        REFILLS_WHEN_REDEFINED,
        WRITES_NO_REFUSAL_WHEN_REDEFINED,
        WRITES_EVERY_REFUSAL_WHEN_REDEFINED,
        BRINGS_OLDER_CONFIGURATIONS_BACK,
        CREDITS_TIME_TWICE_WHEN_SET_BACK,
        STALLS_WHEN_SET_BACK,
        STARTS_PERIODS_AT_THE_EPOCH,
        NEVER_WAITS,
        WAITS_TOO_LONG,
        TAKES_NOTHING_FOR_A_RESERVATION,
        DATES_RESERVATIONS_NOW,
        GIVES_NOTHING_BACK,
        GIVES_BACK_TWICE,
        FORGETS_WHAT_IS_PROMISED,
        OWES_NOTHING,
        OWES_WITHOUT_BOUND,
        QUEUES_NOBODY,
        QUEUES_ANEW_EACH_TIME,
        LETS_NOBODY_LEAVE_THE_QUEUE,
        LETS_OTHERS_OVERTAKE,
        RENEWS_NOTHING,
        RENEWS_WHAT_RAN_OUT,
        TELLS_NOBODY_OF_LEASES
    }

    private record Stored(Limit limit, long[][] states) {}

    /** The state of each rate of a charge, and the rate of another configuration that each one continues. */
    private record Loaded(
            Charge charge, long[][] states, @Nullable RateAlgorithm[] before, boolean redated) {

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

    LevelStore(LongSupplier clock, Flaw flaw) {
        this.clock = clock;
        this.flaw = flaw;
    }

    @Override
    public String name() {
        return "level";
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
        if (flaw == Flaw.TAKES_TWICE_WHEN_ASYNCHRONOUS) {
            decide(charges, maxWait);
        }
        return CompletableFuture.completedFuture(decide(charges, maxWait));
    }

    @Override
    public CompletionStage<Void> refund(Decision taken, List<Charge> unused) {
        synchronized (keys) {
            for (Charge charge : unused) {
                if (charge.cost() > 0 && keys.containsKey(place(charge)) && flaw != Flaw.GIVES_NOTHING_BACK) {
                    giveBack(charge, taken.grantTicks(charge));
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
                    loaded.states[i] = flaw == Flaw.OWES_WITHOUT_BOUND
                            ? loaded.rate(i).consume(loaded.states[i], charge.cost(), loaded.states[i][0])
                            : loaded.rate(i).debit(loaded.states[i], charge.cost());
                }
                if (charge.cost() > 0 && flaw != Flaw.OWES_NOTHING) {
                    keys.put(place(charge), new Stored(loaded.charge.limit(), loaded.states));
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
            Loaded loaded = load(charge);
            ConcurrencyLeases leases = loaded.leases();
            LeaseState state = leases.leaseState(loaded.states[0]);
            if (state == LeaseState.LOST && flaw == Flaw.RENEWS_WHAT_RAN_OUT) {
                state = LeaseState.HELD;
            } else if (state != LeaseState.LOST && flaw != Flaw.RENEWS_NOTHING) {
                loaded.states[0] = leases.renew(loaded.states[0]);
                keys.put(place(charge), new Stored(charge.limit(), loaded.states));
            }
            worst = state.compareTo(worst) > 0 ? state : worst;
        }
        return worst;
    }

    @Override
    public void onLeaseReady(LongConsumer listener) {
        ready = listener;
    }

    /** Queues, or leaves the queue, after a refusal. */
    private void queue(Loaded loaded, boolean queued) {
        Charge charge = loaded.charge;
        if (charge.lease() == 0 || flaw == Flaw.QUEUES_NOBODY) {
            return;
        }
        ConcurrencyLeases leases = loaded.leases();
        long[] state = loaded.states[0];
        if (queued && flaw == Flaw.QUEUES_ANEW_EACH_TIME) {
            state = leases.leaveQueue(state);
        }
        long[] next = queued
                ? leases.enqueue(state, charge.cost())
                : flaw == Flaw.LETS_NOBODY_LEAVE_THE_QUEUE ? state : leases.leaveQueue(state);
        if (next != loaded.states[0]) {
            loaded.states[0] = next;
            keys.put(place(charge), new Stored(charge.limit(), loaded.states));
        }
    }

    /** Those who queue may have become ready. */
    private void tell(Loaded loaded) {
        if (loaded.charge.lease() != 0 && flaw != Flaw.TELLS_NOBODY_OF_LEASES) {
            for (long lease : loaded.leases().readyLeases(loaded.states[0])) {
                ready.accept(lease);
            }
        }
    }

    @Override
    public void reset(Limit limit, String key) {
        synchronized (keys) {
            if (flaw != Flaw.FORGETS_NOTHING) {
                keys.remove(place(new Charge(limit, key, 0)));
            }
        }
    }

    @Override
    public void close() {}

    private void giveBack(Charge charge, long[] grants) {
        Loaded loaded = load(asStored(charge));
        boolean full = true;
        for (int i = 0; i < loaded.states.length; i++) {
            RateAlgorithm rate = loaded.rate(i);
            for (int j = 0; j < grants.length; j++) {
                boolean took = rate.canMigrateFrom(charge.limit().algorithms().get(j));
                for (int times = !took ? 0 : flaw == Flaw.GIVES_BACK_TWICE ? 2 : 1; times > 0; times--) {
                    loaded.states[i] = rate.refund(loaded.states[i], charge.cost(), grants[j]);
                }
            }
            full &= rate.isFull(loaded.states[i]);
        }
        if (full) {
            keys.remove(place(charge));
        } else {
            keys.put(place(charge), new Stored(loaded.charge.limit(), loaded.states));
        }
        tell(loaded);
    }

    /** The charge by the configuration that its key was last written under. */
    private Charge asStored(Charge charge) {
        Stored stored = keys.get(place(charge));
        if (stored == null || flaw == Flaw.BRINGS_OLDER_CONFIGURATIONS_BACK) {
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
        Duration promised = Decision.maxReservation(charges, maxWait);
        boolean admitted = true;
        long waitNanos = 0;
        int first = 0;
        for (Loaded loaded : all) {
            for (int i = 0; i < loaded.states.length; i++, first++) {
                RateAlgorithm rate = loaded.rate(i);
                boolean overtakes = flaw == Flaw.LETS_OTHERS_OVERTAKE && rate.asLeases() != null;
                rate.observe(
                        overtakes ? withoutQueue(loaded.states[i]) : loaded.states[i],
                        now(rate),
                        loaded.charge.cost(),
                        observations,
                        first);
                long wait = rate.ticksUntilAdmitted(observations, first, loaded.charge.cost());
                admitted &= wait <= rate.waitWithin(promised);
                waitNanos = admitted ? Math.max(waitNanos, wait * rate.tickNanos()) : 0;
                admitted &= flaw != Flaw.LETS_NO_FREE_CALL_PASS || rate.remaining(observations, first, 0) > 0;
            }
        }
        if (flaw == Flaw.HAS_NO_LOCK) {
            LockSupport.parkNanos(50_000);
        }
        first = 0;
        for (Loaded loaded : all) {
            save(loaded, admitted, waitNanos, promised, observations, first);
            first += loaded.states.length;
        }
        Decision decision = Decision.of(charges, maxWait, admitted, observations);
        for (Loaded loaded : all) {
            if (!admitted) {
                queue(loaded, decision.isQueued());
            }
            tell(loaded);
        }
        return decision;
    }

    private void save(
            Loaded loaded, boolean admitted, long waitNanos, Duration maxWait, Observations observations, int first) {
        Charge charge = loaded.charge;
        boolean fits = refusing(loaded, maxWait, observations, first) < 0;
        if (charge.cost() == 0 || flaw == Flaw.TAKES_NOTHING_FOR_A_RESERVATION && waitNanos > 0) {
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
        } else if (isWrittenLate(loaded, maxWait, observations, first)) {
            keys.put(place(charge), new Stored(charge.limit(), states));
            return;
        } else if (flaw == Flaw.ROUNDS_ON_REFUSAL) {
            for (int i = 0; i < states.length; i++) {
                states[i] = rounded(loaded.rate(i), states[i], Flaw.ROUNDS_ON_REFUSAL);
            }
        } else {
            return;
        }
        keys.put(place(charge), new Stored(charge.limit(), states));
    }

    private long[] rounded(RateAlgorithm rate, long[] state, Flaw by) {
        TokenBucket bucket = rate.asSmoothTokenBucket();
        if (flaw != by || bucket == null) {
            return state;
        }
        return new long[] {state[0], Math.floorDiv(state[1], bucket.unitsPerThousandth()) * bucket.unitsPerThousandth()
        };
    }

    /** The first rate that refuses from an index on; -1 if none does. */
    private static int refusing(Loaded loaded, Duration maxWait, Observations observations, int first) {
        for (int i = 0; i < loaded.states.length; i++) {
            if (refuses(loaded, i, maxWait, observations, first)) {
                return i;
            }
        }
        return -1;
    }

    private static boolean refuses(Loaded loaded, int i, Duration maxWait, Observations observations, int first) {
        RateAlgorithm rate = loaded.rate(i);
        long wait = rate.ticksUntilAdmitted(observations, first + i, loaded.charge.cost());
        return wait > rate.waitWithin(maxWait);
    }

    /** Only what is held: entries of three numbers after the instant, of which the second is negative in the queue. */
    private static long[] withoutQueue(long[] state) {
        LongStream.Builder held = LongStream.builder().add(state[0]);
        for (int i = 1; i < state.length; i += 3) {
            if (state[i + 1] > 0) {
                held.add(state[i]).add(state[i + 1]).add(state[i + 2]);
            }
        }
        return held.build().toArray();
    }

    /** Whether a refusal has to be written: the key is of a slower configuration, or of a time that is yet to come. */
    private boolean isWrittenLate(Loaded loaded, Duration maxWait, Observations observations, int first) {
        if (loaded.charge.cost() > loaded.charge.limit().capacity()
                || refusing(loaded, maxWait, observations, first) < 0) {
            return false;
        }
        if (loaded.redated) {
            return flaw != Flaw.STALLS_WHEN_SET_BACK;
        }
        boolean foreign = false;
        for (int i = 0; i < loaded.states.length; i++) {
            RateAlgorithm before = loaded.before[i];
            foreign |= before != null;
            if (before != null
                    && refuses(loaded, i, maxWait, observations, first)
                    && loaded.rate(i).isFasterThan(before)) {
                return flaw != Flaw.WRITES_NO_REFUSAL_WHEN_REDEFINED;
            }
        }
        return foreign && flaw == Flaw.WRITES_EVERY_REFUSAL_WHEN_REDEFINED;
    }

    private Loaded load(Charge charge) {
        List<RateAlgorithm> rates = charge.algorithms();
        Stored stored = keys.get(place(charge));
        long[][] states = new long[rates.size()][];
        RateAlgorithm[] before = new RateAlgorithm[states.length];
        if (stored == null || !isOf(stored.limit, charge.limit()) && flaw == Flaw.REFILLS_WHEN_REDEFINED) {
            return full(charge);
        }
        List<RateAlgorithm> old = stored.limit.algorithms();
        long[][] now = new long[old.size()][];
        boolean redated = false;
        boolean full = true;
        int emptiest = 0;
        for (int i = 0; i < now.length; i++) {
            redated |= old.get(i).clockMovedBack(stored.states[i], now(old.get(i)));
            now[i] = refreshed(old.get(i), stored.states[i]);
            full &= old.get(i).isFull(now[i]);
            emptiest = old.get(i).used(now[i]) > old.get(emptiest).used(now[emptiest]) ? i : emptiest;
        }
        if (full) {
            return full(charge);
        }
        if (isOf(stored.limit, charge.limit())) {
            return new Loaded(charge, now, before, redated);
        }
        for (int i = 0; i < states.length; i++) {
            RateAlgorithm rate = rates.get(i);
            states[i] = rate.fullWithUsed(old.get(emptiest).used(now[emptiest]), now(rate));
            before[i] = old.get(emptiest);
            for (int j = old.size() - 1; j >= 0; j--) {
                if (rate.canMigrateFrom(old.get(j))) {
                    states[i] = rate.migrate(now[j], old.get(j), now(rate));
                    before[i] = old.get(j);
                }
            }
        }
        return new Loaded(charge, states, before, redated);
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
        if (flaw == Flaw.FORGETS_WHAT_IS_PROMISED && rate.algorithm() != Algorithm.TOKEN_BUCKET && state.length > 3) {
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

    private String place(Charge charge) {
        String key = flaw == Flaw.IGNORES_THE_CASE_OF_KEYS ? charge.key().toLowerCase(Locale.ROOT) : charge.key();
        return charge.limit().name() + (flaw == Flaw.JOINS_LIMIT_AND_KEY ? "." : " ") + key;
    }
}
