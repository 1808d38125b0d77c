package io.ratelimit.test;

import io.ratelimit.Charge;
import io.ratelimit.LeaseState;
import io.ratelimit.Limit;
import io.ratelimit.Tokens;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Limits as one counts them on paper, in integers of any size. It shares no arithmetic with the stores; each algorithm is a
 * {@link RateModel}.
 *
 * <p>Only what is taken is written, with one exception: a key that is refused on a clock that was set back for good, or under
 * a configuration that brings tokens sooner than the one it was charged under, is rewritten by the refusal, or it would not
 * refill, or at its old rate.
 */
final class ReferenceModel {

    /** What a store must say of one rate. */
    record Figures(boolean admitted, double remaining, Optional<Duration> retryAfter, Duration resetAfter) {}

    /** What a store must answer. */
    record Answer(boolean admitted, Duration waitTime, List<Figures> figures) {}

    /** What a key has taken, under the configuration by which it was last written. */
    private record Stored(Limit limit, List<RateModel> rates) {}

    /** A rate as a call finds it, and the rate of another configuration that it continues. */
    private record LoadedRate(RateModel rate, @Nullable RateModel before) {}

    private final VirtualClock clock;
    private final Map<String, Map<String, Stored>> keys = new HashMap<>();

    ReferenceModel(VirtualClock clock) {
        this.clock = clock;
    }

    Answer decide(List<Charge> charges, Duration longest) {
        Duration maxWait = maxReservation(charges, longest);
        List<List<LoadedRate>> all = charges.stream().map(this::load).toList();
        boolean admitted = true;
        Duration wait = Duration.ZERO;
        for (int i = 0; i < all.size(); i++) {
            for (LoadedRate seen : all.get(i)) {
                admitted &= accepts(seen.rate, charges.get(i).cost(), maxWait);
                Duration own = wait(seen.rate, charges.get(i).cost()).orElse(Duration.ZERO);
                wait = own.compareTo(wait) > 0 ? own : wait;
            }
        }
        Duration granted = admitted ? wait : Duration.ZERO;
        boolean queued = !admitted && !longest.isZero() && isShortOfLeases(charges, all);
        List<Figures> figures = new ArrayList<>();
        for (int i = 0; i < all.size(); i++) {
            Charge charge = charges.get(i);
            boolean rewritten = isRewritten(charge, all.get(i), maxWait);
            for (LoadedRate seen : all.get(i)) {
                Optional<Duration> own = wait(seen.rate, charge.cost());
                if (admitted && charge.cost() > 0) {
                    seen.rate.take(charge.cost(), seen.rate.time() + granted.toNanos() / seen.rate.tickNanos());
                }
                figures.add(new Figures(
                        admitted || own.filter(Duration::isZero).isPresent(),
                        Tokens.decimal(seen.rate.free()),
                        admitted ? Optional.of(Duration.ZERO) : own,
                        duration(seen.rate, seen.rate.reset())));
            }
            boolean moved = !admitted && moves(charge, all.get(i), queued);
            if (charge.cost() > 0 && (admitted || rewritten || moved)) {
                save(charge, all.get(i));
            }
        }
        return new Answer(admitted, granted, figures);
    }

    /** A call that queues for a lease is promised nothing. */
    private static Duration maxReservation(List<Charge> charges, Duration maxWait) {
        boolean leased = charges.stream().anyMatch(charge -> charge.limit().isLeased() && charge.cost() > 0);
        return leased ? Duration.ZERO : maxWait;
    }

    /** Whether a lease is missing, and nothing is asked that never fits. */
    private static boolean isShortOfLeases(List<Charge> charges, List<List<LoadedRate>> all) {
        boolean missing = false;
        for (int i = 0; i < all.size(); i++) {
            for (LoadedRate seen : all.get(i)) {
                Optional<Duration> wait = wait(seen.rate, charges.get(i).cost());
                if (wait.isEmpty()) {
                    return false;
                }
                missing |= charges.get(i).limit().isLeased() && !wait.get().isZero();
            }
        }
        return missing;
    }

    /** Whether a refused charge enters the queue, stays in it, or leaves it. */
    private static boolean moves(Charge charge, List<LoadedRate> all, boolean queued) {
        boolean moved = false;
        for (LoadedRate seen : all) {
            if (queued) {
                seen.rate.queue(charge.cost());
            }
            moved |= charge.limit().isLeased() && (queued || seen.rate.leaveQueue());
        }
        return moved;
    }

    /** Makes the lease of a charge last, and tells what became of it. */
    LeaseState renew(Charge charge) {
        List<LoadedRate> seen = load(charge);
        LeaseState state = seen.get(0).rate.renew();
        if (state != LeaseState.LOST) {
            save(charge, seen);
        }
        return state;
    }

    /** Gives back what was taken under the present configuration, for the instants that a store tells; nothing is nothing. */
    void refund(Charge charge, long[] granted) {
        if (charge.cost() > 0 && of(charge.limit()).containsKey(charge.key())) {
            List<LoadedRate> seen = load(charge);
            for (int i = 0; i < seen.size(); i++) {
                seen.get(i).rate.refund(charge.cost(), granted[i]);
            }
            save(charge, seen);
        }
    }

    /** Takes more under the present configuration; nothing is nothing. */
    void debit(Charge charge) {
        if (charge.cost() > 0) {
            List<LoadedRate> seen = load(charge);
            seen.forEach(each -> each.rate.debit(charge.cost()));
            save(charge, seen);
        }
    }

    void reset(Limit limit, String key) {
        of(limit).remove(key);
    }

    /** Whether a key was last written under other rates than the limit has now. */
    boolean isForeign(Limit limit, String key) {
        Stored stored = of(limit).get(key);
        return stored != null
                && !(stored.limit.rates().equals(limit.rates())
                        && stored.limit.concurrency().equals(limit.concurrency())
                        && stored.limit.algorithm() == limit.algorithm()
                        && stored.limit.refill() == limit.refill()
                        && stored.limit.calendar().equals(limit.calendar())
                        && stored.limit.zone().equals(limit.zone()));
    }

    /** Whether a key has everything back under the rates by which it was last written. */
    boolean isFull(Limit limit, String key) {
        Stored stored = of(limit).get(key);
        return stored == null
                || stored.rates.stream().allMatch(rate -> rate.now(clock).isFull());
    }

    /** Whether the charge is refused now and fits one day. */
    boolean isShort(List<Charge> call, Charge charge, Duration maxWait) {
        return isShort(charge, load(charge), maxReservation(call, maxWait));
    }

    private static boolean isShort(Charge charge, List<LoadedRate> all, Duration maxWait) {
        return all.stream().allMatch(seen -> charge.cost() <= seen.rate.capacity())
                && !all.stream().allMatch(seen -> accepts(seen.rate, charge.cost(), maxWait));
    }

    /** Whether a refusal is written: if the charge fits one day, and the day comes sooner so. */
    private boolean isRewritten(Charge charge, List<LoadedRate> all, Duration maxWait) {
        return isShort(charge, all, maxWait)
                && (isRedated(charge)
                        || all.stream()
                                .anyMatch(seen -> !accepts(seen.rate, charge.cost(), maxWait)
                                        && seen.before != null
                                        && seen.rate.isFasterThan(seen.before)));
    }

    private boolean isRedated(Charge charge) {
        Stored stored = of(charge.limit()).get(charge.key());
        return stored != null && stored.rates.stream().anyMatch(rate -> rate.clockMovedBack(clock));
    }

    private List<LoadedRate> load(Charge charge) {
        List<LoadedRate> loaded = loaded(charge);
        loaded.forEach(seen -> seen.rate.seenBy(charge.lease()));
        return loaded;
    }

    private List<LoadedRate> loaded(Charge charge) {
        Limit limit = charge.limit();
        Stored stored = of(limit).get(charge.key());
        List<RateModel> before = stored == null || isFull(limit, charge.key())
                ? List.of()
                : stored.rates.stream().map(rate -> rate.now(clock)).toList();
        if (!before.isEmpty() && !isForeign(limit, charge.key())) {
            return before.stream().map(rate -> new LoadedRate(rate, null)).toList();
        }
        RateModel emptiest = null;
        for (RateModel rate : before) {
            emptiest = emptiest == null || rate.used() > emptiest.used() ? rate : emptiest;
        }
        List<LoadedRate> loaded = new ArrayList<>();
        for (RateModel next : RateModel.of(limit, clock)) {
            RateModel same =
                    before.stream().filter(next::canMigrateFrom).findFirst().orElse(null);
            if (same != null) {
                next.migrateFrom(same);
            } else if (emptiest != null) {
                next.migrateFrom(emptiest.used());
            }
            loaded.add(new LoadedRate(next, same == null ? emptiest : same));
        }
        return loaded;
    }

    /** A full state is none. */
    private void save(Charge charge, List<LoadedRate> all) {
        List<RateModel> rates = all.stream().map(LoadedRate::rate).toList();
        if (rates.stream().allMatch(RateModel::isFull)) {
            of(charge.limit()).remove(charge.key());
        } else {
            of(charge.limit()).put(charge.key(), new Stored(charge.limit(), rates));
        }
    }

    private Map<String, Stored> of(Limit limit) {
        return keys.computeIfAbsent(limit.name(), name -> new HashMap<>());
    }

    private static boolean accepts(RateModel rate, long cost, Duration maxWait) {
        Optional<Duration> wait = wait(rate, cost);
        return wait.isPresent()
                && (wait.get().isZero() || rate.canWait() && wait.get().compareTo(maxWait) <= 0);
    }

    private static Optional<Duration> wait(RateModel rate, long cost) {
        OptionalLong ticks = rate.ticksUntilAdmitted(cost);
        return ticks.isEmpty() ? Optional.empty() : Optional.of(duration(rate, ticks.getAsLong()));
    }

    private static Duration duration(RateModel rate, long ticks) {
        return Duration.ofNanos(rate.tickNanos()).multipliedBy(ticks);
    }
}
