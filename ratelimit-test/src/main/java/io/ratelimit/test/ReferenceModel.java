package io.ratelimit.test;

import io.ratelimit.Charge;
import io.ratelimit.Limit;
import io.ratelimit.algorithm.CalendarPeriod;
import io.ratelimit.algorithm.LeaseState;
import io.ratelimit.algorithm.Rate;
import io.ratelimit.algorithm.Tokens;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * A second, slow implementation of all limits, which shares no arithmetic with the stores. Each algorithm is a {@link
 * RateModel}.
 *
 * <p>Only a call that consumes tokens changes a key, with two exceptions. A rejection changes a key after the clock was
 * set back by a large step, because the key would not refill otherwise. It also changes a key that was last charged
 * under a slower configuration, because the key would refill at the old rate otherwise.
 */
final class ReferenceModel {

    /** The expected status of one rate. */
    record Figures(boolean admitted, double remaining, Optional<Duration> retryAfter, Duration resetAfter) {}

    /** The expected decision. */
    record Answer(boolean admitted, Duration waitTime, List<Figures> figures) {}

    /** The state of a key, and the configuration under which it was last written. */
    private record Stored(Limit limit, List<RateModel> rates) {}

    /** The state of a rate when a call arrives, and the earlier state that it continues after a redefinition. */
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
            for (LoadedRate loaded : all.get(i)) {
                admitted &= accepts(loaded.rate, charges.get(i).cost(), maxWait);
                Duration own = wait(loaded.rate, charges.get(i).cost()).orElse(Duration.ZERO);
                wait = own.compareTo(wait) > 0 ? own : wait;
            }
        }
        Duration granted = admitted ? wait : Duration.ZERO;
        boolean queued = !admitted && !longest.isZero() && isShortOfLeases(charges, all);
        List<Figures> figures = new ArrayList<>();
        for (int i = 0; i < all.size(); i++) {
            Charge charge = charges.get(i);
            boolean rewritten = isRewritten(charge, all.get(i), maxWait);
            for (LoadedRate loaded : all.get(i)) {
                Optional<Duration> own = wait(loaded.rate, charge.cost());
                if (admitted && charge.cost() > 0) {
                    loaded.rate.consume(
                            charge.cost(), loaded.rate.time() + granted.toNanos() / loaded.rate.tickNanos());
                }
                figures.add(new Figures(
                        admitted || own.filter(Duration::isZero).isPresent(),
                        Tokens.decimal(loaded.rate.free()),
                        admitted ? Optional.of(Duration.ZERO) : own,
                        duration(loaded.rate, loaded.rate.reset())));
            }
            boolean moved = !admitted && updateQueue(charge, all.get(i), queued);
            if (charge.cost() > 0 && (admitted || rewritten || moved)) {
                save(charge, all.get(i));
            }
        }
        return new Answer(admitted, granted, figures);
    }

    /** Returns zero for a call that needs a lease, because such a call reserves nothing. */
    private static Duration maxReservation(List<Charge> charges, Duration maxWait) {
        boolean leased = charges.stream().anyMatch(charge -> charge.limit().isLeased() && charge.cost() > 0);
        return leased ? Duration.ZERO : maxWait;
    }

    /** Returns whether the call lacks a lease and all of its charges can fit. */
    private static boolean isShortOfLeases(List<Charge> charges, List<List<LoadedRate>> all) {
        boolean missing = false;
        for (int i = 0; i < all.size(); i++) {
            for (LoadedRate loaded : all.get(i)) {
                Optional<Duration> wait = wait(loaded.rate, charges.get(i).cost());
                if (wait.isEmpty()) {
                    return false;
                }
                missing |= charges.get(i).limit().isLeased() && !wait.get().isZero();
            }
        }
        return missing;
    }

    /** Updates the queue for a rejected charge, and returns whether it changed. */
    private static boolean updateQueue(Charge charge, List<LoadedRate> all, boolean queued) {
        boolean moved = false;
        for (LoadedRate loaded : all) {
            if (queued) {
                loaded.rate.queue(charge.cost());
            }
            moved |= charge.limit().isLeased() && (queued || loaded.rate.leaveQueue());
        }
        return moved;
    }

    /** Renews the lease of a charge, and returns its state. */
    LeaseState renew(Charge charge) {
        List<LoadedRate> loaded = load(charge);
        LeaseState state = loaded.get(0).rate.renew();
        if (state != LeaseState.LOST) {
            save(charge, loaded);
        }
        return state;
    }

    /**
     * Refunds a charge made under the current configuration; does nothing for zero tokens.
     *
     * @param granted the tick at which each rate granted the tokens, as the store reported it
     */
    void refund(Charge charge, long[] granted) {
        if (charge.cost() > 0 && of(charge.limit()).containsKey(charge.key())) {
            List<LoadedRate> loaded = load(charge);
            for (int i = 0; i < loaded.size(); i++) {
                loaded.get(i).rate.refund(charge.cost(), granted[i]);
            }
            save(charge, loaded);
        }
    }

    /** Debits a charge under the current configuration; does nothing for zero tokens. */
    void debit(Charge charge) {
        if (charge.cost() > 0) {
            List<LoadedRate> loaded = load(charge);
            loaded.forEach(each -> each.rate.debit(charge.cost()));
            save(charge, loaded);
        }
    }

    void reset(Limit limit, String key) {
        of(limit).remove(key);
    }

    /** Returns whether a key was last written under another configuration than the limit has now. */
    boolean isOfOtherConfiguration(Limit limit, String key) {
        Stored stored = of(limit).get(key);
        return stored != null
                && !(stored.limit.rates().equals(limit.rates())
                        && stored.limit.concurrency().equals(limit.concurrency())
                        && stored.limit.algorithm() == limit.algorithm()
                        && stored.limit.refill() == limit.refill()
                        && stored.limit.calendar().equals(limit.calendar())
                        && stored.limit.zone().equals(limit.zone()));
    }

    /** Returns whether a key is full under the configuration by which it was last written. */
    boolean isFull(Limit limit, String key) {
        Stored stored = of(limit).get(key);
        return stored == null
                || stored.rates.stream().allMatch(rate -> rate.now(clock).isFull());
    }

    /** Returns whether the charge is rejected now but would fit later. */
    boolean isShort(List<Charge> call, Charge charge, Duration maxWait) {
        return isShort(charge, load(charge), maxReservation(call, maxWait));
    }

    private static boolean isShort(Charge charge, List<LoadedRate> all, Duration maxWait) {
        return all.stream().allMatch(loaded -> charge.cost() <= loaded.rate.capacity())
                && !all.stream().allMatch(loaded -> accepts(loaded.rate, charge.cost(), maxWait));
    }

    /** Returns whether a rejection changes the key: if the charge fits later, and sooner when the key is written. */
    private boolean isRewritten(Charge charge, List<LoadedRate> all, Duration maxWait) {
        return isShort(charge, all, maxWait)
                && (isAfterStepBack(charge)
                        || all.stream()
                                .anyMatch(loaded -> !accepts(loaded.rate, charge.cost(), maxWait)
                                        && loaded.before != null
                                        && loaded.rate.isFasterThan(loaded.before)));
    }

    private boolean isAfterStepBack(Charge charge) {
        Stored stored = of(charge.limit()).get(charge.key());
        return stored != null && stored.rates.stream().anyMatch(rate -> rate.clockMovedBack(clock));
    }

    private List<LoadedRate> load(Charge charge) {
        List<LoadedRate> loaded = loaded(charge);
        loaded.forEach(each -> each.rate.setLease(charge.lease()));
        return loaded;
    }

    private List<LoadedRate> loaded(Charge charge) {
        Limit limit = charge.limit();
        Stored stored = of(limit).get(charge.key());
        List<RateModel> before = stored == null || isFull(limit, charge.key())
                ? List.of()
                : stored.rates.stream().map(rate -> rate.now(clock)).toList();
        if (!before.isEmpty() && !isOfOtherConfiguration(limit, charge.key())) {
            return before.stream().map(rate -> new LoadedRate(rate, null)).toList();
        }
        RateModel mostUsed = null;
        for (RateModel rate : before) {
            mostUsed = mostUsed == null || rate.used() > mostUsed.used() ? rate : mostUsed;
        }
        List<LoadedRate> loaded = new ArrayList<>();
        for (RateModel next : full(limit, clock)) {
            RateModel same =
                    before.stream().filter(next::canMigrateFrom).findFirst().orElse(null);
            if (same != null) {
                next.migrateFrom(same);
            } else if (mostUsed != null) {
                next.migrateFrom(mostUsed.used());
            }
            loaded.add(new LoadedRate(next, same == null ? mostUsed : same));
        }
        return loaded;
    }

    /** Stores the state of a key, or removes it if it is full. */
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

    /**
     * Returns models of the rates of a limit, or of its cap on concurrent calls, from which nothing is consumed yet.
     */
    private static List<RateModel> full(Limit limit, VirtualClock clock) {
        return limit.concurrency().isPresent()
                ? List.of(new ConcurrencyModel(limit.concurrency().get(), clock))
                : limit.rates().stream().map(rate -> full(limit, rate, clock)).toList();
    }

    private static RateModel full(Limit limit, Rate rate, VirtualClock clock) {
        return switch (limit.algorithm()) {
            case TOKEN_BUCKET -> new TokenBucketModel(rate, limit.refill(), clock);
            case SLIDING_WINDOW -> new SlidingWindowLogModel(rate, clock);
            case SLIDING_WINDOW_COUNTER -> new SlidingWindowCounterModel(rate, clock);
            case FIXED_WINDOW -> {
                Optional<CalendarPeriod> calendar = limit.calendar();
                yield new FixedWindowModel(rate, calendar.orElse(null), limit.zone(), clock);
            }
            case CONCURRENCY -> throw new IllegalStateException("A limit on concurrency has no rates");
        };
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
