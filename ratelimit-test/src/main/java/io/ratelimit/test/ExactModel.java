package io.ratelimit.test;

import io.ratelimit.Charge;
import io.ratelimit.LeaseState;
import io.ratelimit.Limit;
import io.ratelimit.Rate;
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
 * {@link ModelRate}.
 *
 * <p>Only what is taken is written, with one exception: a key that is refused on a clock that was set back for good, or under
 * a configuration that brings tokens sooner than the one it was charged under, is rewritten by the refusal, or it would not
 * refill, or at its old rate.
 */
final class ExactModel {

    /** What a store must say of one rate. */
    record Figures(boolean admitted, double remaining, Optional<Duration> retryAfter, Duration resetAfter) {}

    /** What a store must answer. */
    record Answer(boolean admitted, Duration grantedAfter, List<Figures> figures) {}

    /** What a key has taken, under the configuration by which it was last written. */
    private record Stored(Limit limit, List<ModelRate> rates) {}

    /** A rate as a call finds it, and the rate of another configuration that it continues. */
    private record Seen(ModelRate rate, @Nullable ModelRate before) {}

    private final VirtualClock clock;
    private final Map<String, Map<String, Stored>> keys = new HashMap<>();

    ExactModel(VirtualClock clock) {
        this.clock = clock;
    }

    Answer decide(List<Charge> charges, Duration longest) {
        Duration maxWait = promised(charges, longest);
        List<List<Seen>> all = charges.stream().map(this::load).toList();
        boolean admitted = true;
        Duration wait = Duration.ZERO;
        for (int i = 0; i < all.size(); i++) {
            for (Seen seen : all.get(i)) {
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
            for (Seen seen : all.get(i)) {
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
    private static Duration promised(List<Charge> charges, Duration maxWait) {
        boolean leased = charges.stream().anyMatch(charge -> charge.limit().isLeased() && charge.cost() > 0);
        return leased ? Duration.ZERO : maxWait;
    }

    /** Whether a lease is missing, and nothing is asked that never fits. */
    private static boolean isShortOfLeases(List<Charge> charges, List<List<Seen>> all) {
        boolean missing = false;
        for (int i = 0; i < all.size(); i++) {
            for (Seen seen : all.get(i)) {
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
    private static boolean moves(Charge charge, List<Seen> all, boolean queued) {
        boolean moved = false;
        for (Seen seen : all) {
            if (queued) {
                seen.rate.queue(charge.cost());
            }
            moved |= charge.limit().isLeased() && (queued || seen.rate.leaveQueue());
        }
        return moved;
    }

    /** Makes the lease of a charge last, and tells what became of it. */
    LeaseState renew(Charge charge) {
        List<Seen> seen = load(charge);
        LeaseState state = seen.get(0).rate.renew();
        if (state != LeaseState.LOST) {
            save(charge, seen);
        }
        return state;
    }

    /** Gives back what was taken under the present configuration, for the instants that a store tells; nothing is nothing. */
    void giveBack(Charge charge, long[] granted) {
        if (charge.cost() > 0 && of(charge.limit()).containsKey(charge.key())) {
            List<Seen> seen = load(charge);
            for (int i = 0; i < seen.size(); i++) {
                seen.get(i).rate.giveBack(charge.cost(), granted[i]);
            }
            save(charge, seen);
        }
    }

    /** Takes more under the present configuration; nothing is nothing. */
    void owe(Charge charge) {
        if (charge.cost() > 0) {
            List<Seen> seen = load(charge);
            seen.forEach(each -> each.rate.owe(charge.cost()));
            save(charge, seen);
        }
    }

    void forget(Limit limit, String key) {
        of(limit).remove(key);
    }

    /** Whether a key was last written under other rates than the limit has now. */
    boolean isForeign(Limit limit, String key) {
        Stored stored = of(limit).get(key);
        return stored != null
                && !(stored.limit.rates().equals(limit.rates())
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
        return isShort(charge, load(charge), promised(call, maxWait));
    }

    private static boolean isShort(Charge charge, List<Seen> all, Duration maxWait) {
        return all.stream().allMatch(seen -> charge.cost() <= seen.rate.capacity())
                && !all.stream().allMatch(seen -> accepts(seen.rate, charge.cost(), maxWait));
    }

    /** Whether a refusal is written: if the charge fits one day, and the day comes sooner so. */
    private boolean isRewritten(Charge charge, List<Seen> all, Duration maxWait) {
        return isShort(charge, all, maxWait)
                && (isRedated(charge)
                        || all.stream()
                                .anyMatch(seen -> !accepts(seen.rate, charge.cost(), maxWait)
                                        && seen.before != null
                                        && seen.rate.isFasterThan(seen.before)));
    }

    private boolean isRedated(Charge charge) {
        Stored stored = of(charge.limit()).get(charge.key());
        return stored != null && stored.rates.stream().anyMatch(rate -> rate.isSetBackForGood(clock));
    }

    private List<Seen> load(Charge charge) {
        List<Seen> loaded = loaded(charge);
        loaded.forEach(seen -> seen.rate.seenBy(charge.lease()));
        return loaded;
    }

    private List<Seen> loaded(Charge charge) {
        Limit limit = charge.limit();
        Stored stored = of(limit).get(charge.key());
        List<ModelRate> before = stored == null || isFull(limit, charge.key())
                ? List.of()
                : stored.rates.stream().map(rate -> rate.now(clock)).toList();
        if (!before.isEmpty() && !isForeign(limit, charge.key())) {
            return before.stream().map(rate -> new Seen(rate, null)).toList();
        }
        ModelRate emptiest = null;
        for (ModelRate rate : before) {
            emptiest = emptiest == null || rate.out() > emptiest.out() ? rate : emptiest;
        }
        List<Seen> loaded = new ArrayList<>();
        for (Rate rate : limit.rates()) {
            ModelRate next = ModelRate.of(limit, rate, clock);
            ModelRate same = before.stream().filter(next::continues).findFirst().orElse(null);
            if (same != null) {
                next.continueFrom(same);
            } else if (emptiest != null) {
                next.continueFrom(emptiest.out());
            }
            loaded.add(new Seen(next, same == null ? emptiest : same));
        }
        return loaded;
    }

    /** A full state is none. */
    private void save(Charge charge, List<Seen> all) {
        List<ModelRate> rates = all.stream().map(Seen::rate).toList();
        if (rates.stream().allMatch(ModelRate::isFull)) {
            of(charge.limit()).remove(charge.key());
        } else {
            of(charge.limit()).put(charge.key(), new Stored(charge.limit(), rates));
        }
    }

    private Map<String, Stored> of(Limit limit) {
        return keys.computeIfAbsent(limit.name(), name -> new HashMap<>());
    }

    private static boolean accepts(ModelRate rate, long cost, Duration maxWait) {
        Optional<Duration> wait = wait(rate, cost);
        return wait.isPresent()
                && (wait.get().isZero() || rate.canWait() && wait.get().compareTo(maxWait) <= 0);
    }

    private static Optional<Duration> wait(ModelRate rate, long cost) {
        OptionalLong ticks = rate.untilFits(cost);
        return ticks.isEmpty() ? Optional.empty() : Optional.of(duration(rate, ticks.getAsLong()));
    }

    private static Duration duration(ModelRate rate, long ticks) {
        return Duration.ofNanos(rate.tickNanos()).multipliedBy(ticks);
    }
}
