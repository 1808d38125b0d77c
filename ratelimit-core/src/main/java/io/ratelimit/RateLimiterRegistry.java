package io.ratelimit;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The registry of limits by name, on one store. Limits can be defined, replaced and removed while calls go on.
 *
 * <pre>{@code
 * try (RateLimiterRegistry registry = RateLimiterRegistry.inMemory()) {
 *     RateLimiter perUser = registry.define(Limit.of("quote-user", "5/10s"));
 *     RateLimiter perAll = registry.define(Limit.of("quote-all", "20/10s"));
 *     registry.tryAcquire(List.of(perUser.charge("user-42", 1), perAll.charge("all", 1))).orThrow();
 * }
 * }</pre>
 */
public final class RateLimiterRegistry implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(RateLimiterRegistry.class.getName());

    private static final long LAST_WAIT_NANOS = 1_000_000_000;
    private static final Duration LONGEST_WAIT = Duration.ofNanos(Long.MAX_VALUE);

    private final RateLimitStore store;
    private final ListenerNotifier listeners;
    private final TimeoutScheduler scheduler = new TimeoutScheduler();
    private final PendingRefunds refunds;
    private final ReservationWaits waits;
    private final LeaseRenewals leases;
    private final LeaseWaitQueue queue;
    private final Map<String, RateLimiter> limiters = new ConcurrentHashMap<>();

    /**
     * A registry without limits.
     *
     * @param store where its buckets are kept; closed with the registry
     * @param listeners who hears of its decisions, in this order
     */
    public RateLimiterRegistry(RateLimitStore store, List<? extends RateLimitListener> listeners) {
        this.store = store;
        this.listeners = new ListenerNotifier(listeners);
        this.refunds = new PendingRefunds(store);
        this.waits = new ReservationWaits(refunds, scheduler);
        this.leases = new LeaseRenewals(
                store, scheduler, refunds, decision -> this.listeners.tell(decision, RateLimitListener::onLost));
        this.queue = new LeaseWaitQueue(store, leases, refunds, scheduler);
    }

    /** {@return a registry without limits, on a memory store of its own} */
    public static RateLimiterRegistry inMemory() {
        return new RateLimiterRegistry(InMemoryRateLimitStore.create(), List.of());
    }

    /**
     * Adds a limit.
     *
     * @param limit the limit
     * @return its limiter
     * @throws IllegalStateException if a limit of this name is defined
     */
    public synchronized RateLimiter define(Limit limit) {
        RateLimiter limiter = new RateLimiter(this, limit);
        if (limiters.putIfAbsent(limit.name(), limiter) != null) {
            throw new IllegalStateException("Limit \"" + limit.name() + "\" is already defined; use replace");
        }
        warnOfIdleRates(limit);
        listeners.tell(limiter, RateLimitListener::onDefined);
        return limiter;
    }

    /**
     * Gives a limit other rates or policies. Buckets keep their whole thousandths, rounded down, at most the new
     * capacity; a rate that is new starts with as many tokens out as the rate that has most out.
     *
     * @param limit the new limit, by the name of the old one
     * @return its limiter, the same as before
     * @throws UnknownLimitException if no limit of this name is defined
     */
    public synchronized RateLimiter replace(Limit limit) {
        RateLimiter limiter = get(limit.name());
        limiter.limit(limit);
        warnOfIdleRates(limit);
        return limiter;
    }

    /**
     * Takes a limit away. Its limiter refuses further calls with an {@link UnknownLimitException}.
     *
     * @param name the limit's name
     * @return whether it was defined
     */
    public synchronized boolean remove(String name) {
        RateLimiter limiter = limiters.remove(name);
        if (limiter == null) {
            return false;
        }
        limiter.limit(null);
        listeners.tell(limiter, RateLimitListener::onRemoved);
        return true;
    }

    /**
     * The limiter of a limit.
     *
     * @param name the limit's name
     * @return its limiter
     * @throws UnknownLimitException if no limit of this name is defined
     */
    public RateLimiter get(String name) {
        RateLimiter limiter = limiters.get(name);
        if (limiter == null) {
            throw unknown(name);
        }
        return limiter;
    }

    /**
     * The limiter of a limit, if there is one.
     *
     * @param name the limit's name
     * @return its limiter, or nothing
     */
    public Optional<RateLimiter> find(String name) {
        return Optional.ofNullable(limiters.get(name));
    }

    /** {@return the limiters of all limits, in no order, as a live view} */
    public Collection<RateLimiter> all() {
        return Collections.unmodifiableCollection(limiters.values());
    }

    /** {@return the store that keeps the buckets} */
    public RateLimitStore store() {
        return store;
    }

    /**
     * Takes several charges now, or none of them.
     *
     * @param charges one or more, made by {@link RateLimiter#charge}; two of one bucket add up
     * @return the decision
     */
    public Decision tryAcquire(Collection<Charge> charges) {
        return counted(null, store.decide(Charge.merged(charges), Duration.ZERO));
    }

    /**
     * Takes several charges now, or none of them, without blocking the caller while a remote store is asked.
     *
     * @param charges one or more, made by {@link RateLimiter#charge}; two of one bucket add up
     * @return the decision
     */
    public CompletionStage<Decision> tryAcquireAsync(Collection<Charge> charges) {
        return store.decideAsync(Charge.merged(charges), Duration.ZERO).thenApply(decision -> counted(null, decision));
    }

    /**
     * Takes several charges, or none of them, and blocks until the last of them fits, at most so long. The tokens of all are
     * taken at once, first come first served.
     *
     * @param charges one or more, made by {@link RateLimiter#charge}; two of one bucket add up
     * @param maxWait zero or more; a call that would have to wait longer is refused at once, and nothing is taken
     * @return the decision, once the call may go on, or is refused
     * @throws IllegalArgumentException if the wait is negative, or longer than a limit can count
     * @throws java.util.concurrent.CancellationException if the thread was interrupted, which it then still is, or the
     *     registry closed; everything was given back
     */
    public Decision acquire(Collection<Charge> charges, Duration maxWait) {
        return acquire(null, Charge.merged(charges), maxWait);
    }

    /**
     * {@link #acquire(Collection, Duration)} of one charge, which needs no list.
     *
     * <pre>{@code
     * registry.acquire(perUser.charge("user-42", 1), Duration.ZERO).orThrow();
     * }</pre>
     *
     * @param charge made by {@link RateLimiter#charge}
     * @param maxWait zero or more; a call that would have to wait longer is refused at once, and nothing is taken
     * @return the decision, once the call may go on, or is refused
     * @throws IllegalArgumentException if the wait is negative, or longer than the limit can count
     * @throws java.util.concurrent.CancellationException if the thread was interrupted, which it then still is, or the
     *     registry closed; everything was given back
     */
    public Decision acquire(Charge charge, Duration maxWait) {
        return maxWait.isZero() && !charge.isLeased()
                ? counted(limiters.get(charge.limit().name()), store.decide(charge))
                : acquire(List.of(charge), maxWait);
    }

    /**
     * {@link #acquire(Collection, Duration)} without blocking the caller.
     *
     * @param charges one or more, made by {@link RateLimiter#charge}; two of one bucket add up
     * @param maxWait zero or more
     * @return completes once the call may go on, or is refused; cancelling it before that gives everything back
     * @throws IllegalArgumentException if the wait is negative, or longer than a limit can count
     */
    public CompletableFuture<Decision> acquireAsync(Collection<Charge> charges, Duration maxWait) {
        return acquireAsync(null, Charge.merged(charges), maxWait);
    }

    /**
     * {@link #acquire(Collection, Duration)}, where only the question to the store may block the caller, and the wait does not.
     *
     * @param charges one or more, made by {@link RateLimiter#charge}; two of one bucket add up
     * @param maxWait zero or more
     * @return done if nothing has to be waited for; cancelling it before its grant gives everything back
     * @throws IllegalArgumentException if the wait is negative, or longer than a limit can count
     */
    public CompletableFuture<Decision> reserve(Collection<Charge> charges, Duration maxWait) {
        List<Charge> merged = Charge.merged(charges);
        Duration wait = checked(merged, maxWait);
        return answered(null, merged, wait, () -> CompletableFuture.completedFuture(store.decide(merged, wait)));
    }

    /**
     * Takes several charges, or none of them, for as long as a call runs, and blocks until the last of them fits, at most so
     * long.
     *
     * @param charges one or more, made by {@link RateLimiter#charge}
     * @param maxWait zero or more
     * @return what the call holds until it is closed; of limits that are not {@linkplain Limit#isLeased() leased}, nothing
     * @throws RateLimitExceededException if the charges are refused, also after a wait
     * @throws IllegalArgumentException if the wait is negative, or longer than a limit can count
     * @throws java.util.concurrent.CancellationException if the thread was interrupted, which it then still is, or the
     *     registry closed; everything was given back
     */
    public Permit hold(Collection<Charge> charges, Duration maxWait) {
        return new Permit(this, acquire(charges, maxWait).orThrow());
    }

    /**
     * {@link #hold} without blocking the caller.
     *
     * @param charges one or more, made by {@link RateLimiter#charge}
     * @param maxWait zero or more
     * @return what the call holds, or a {@link RateLimitExceededException}; cancelling it before gives everything back
     * @throws IllegalArgumentException if the wait is negative, or longer than a limit can count
     */
    public CompletableFuture<Permit> holdAsync(Collection<Charge> charges, Duration maxWait) {
        return GuardedCall.permit(acquireAsync(charges, maxWait), this);
    }

    /**
     * Gives back the leases that a decision holds, because its call ended. Who takes a {@linkplain Limit#isLeased() leased}
     * limit's tokens without a {@link Permit} has to do so, or they stay taken.
     *
     * @param decision any decision of this registry; nothing happens if it holds no lease, or none any more
     * @return completes when they are given back, or with a {@link StoreUnavailableException}; they then run out
     */
    public CompletionStage<Void> release(Decision decision) {
        return leases.release(decision);
    }

    boolean isLost(Decision decision) {
        return leases.isLost(decision);
    }

    /**
     * Calls something once its charges are taken, waiting as long as all of their limits let it.
     *
     * <pre>{@code
     * Quote quote = registry.call(List.of(perUser.charge("user-42", 1), perAll.charge("all", 1)), quotes::next);
     * }</pre>
     *
     * @param charges one or more, made by {@link RateLimiter#charge}
     * @param guarded what to call
     * @param <T> what it returns
     * @return what it returns
     * @throws RateLimitExceededException if the charges are refused; it is not called then
     * @throws java.util.concurrent.CancellationException if the thread was interrupted while it waited
     * @throws Exception what it throws
     */
    public <T extends @Nullable Object> T call(Collection<Charge> charges, Callable<T> guarded) throws Exception {
        Decision decision = acquire(charges, smallestWait(charges)).orThrow();
        try {
            return guarded.call();
        } finally {
            release(decision);
        }
    }

    /**
     * {@link #call} without blocking the caller. What is called begins on the caller's thread if the answer is there at
     * once, else in the common pool.
     *
     * @param charges one or more, made by {@link RateLimiter#charge}
     * @param guarded what to call; what it throws fails the future
     * @param <T> what it brings
     * @return what it brings, or a {@link RateLimitExceededException}; cancelling it before the call begins gives the tokens
     *     back, and later cancels what was called if that is a future
     */
    public <T extends @Nullable Object> CompletableFuture<T> callAsync(
            Collection<Charge> charges, Supplier<? extends CompletionStage<T>> guarded) {
        return GuardedCall.start(acquireAsync(charges, smallestWait(charges)), guarded, this);
    }

    /**
     * Makes a decision cost what its call really used: what was taken beyond it is given back, and what it used beyond that is
     * taken as a debt, of at most the capacity of each rate, which later calls have to wait for.
     *
     * <pre>{@code
     * Decision decision = registry.tryAcquire(List.of(tokens.charge("acme", 4000))).orThrow(); // the most it can cost
     * Completion completion = model.complete(prompt);
     * registry.settle(decision, List.of(tokens.charge("acme", completion.tokens())));
     * }</pre>
     *
     * <p>Tokens that may have come back anyway since the grant, because the bucket can be full again, are not given back twice.
     *
     * @param decision an admitted decision, not settled yet
     * @param used charges of the decision with the costs that they turned out to have; others stay as they were taken
     * @return completes when it is settled, or with a {@link StoreUnavailableException}; at once for a decision that no store made
     * @throws IllegalArgumentException if the decision was not admitted, or a charge is none of it
     * @throws IllegalStateException if the decision was settled before
     */
    public CompletionStage<Void> settle(Decision decision, Collection<Charge> used) {
        List<Charge> unused = new ArrayList<>();
        List<Charge> more = new ArrayList<>();
        for (Charge charge : Charge.merged(used)) {
            Charge taken = decision.taken(charge);
            long difference = taken.cost() - charge.cost();
            if (difference != 0 && taken.lease() != 0 && charge.cost() > 0) {
                throw new IllegalArgumentException("Limit \"" + taken.limit().name()
                        + "\" counts calls while they run, and not what they used; settle the other charges");
            }
            if (difference != 0) {
                (difference > 0 ? unused : more).add(taken.withCost(Math.abs(difference)));
            }
        }
        if (!decision.settle()) {
            throw new IllegalStateException("The decision was settled before; settle each decision once");
        }
        CompletionStage<Void> done =
                unused.isEmpty() ? CompletableFuture.completedFuture(null) : store.refund(decision, unused);
        return more.isEmpty() ? done : done.thenCombine(store.debit(decision, more), (back, owed) -> back);
    }

    /**
     * Gives everything back that a decision took: its call used nothing.
     *
     * @param decision an admitted decision, not settled yet
     * @return completes when it is given back, or with a {@link StoreUnavailableException}
     * @throws IllegalArgumentException if the decision was not admitted
     * @throws IllegalStateException if the decision was settled before
     */
    public CompletionStage<Void> refund(Decision decision) {
        leases.drop(decision);
        return settle(
                decision,
                decision.charges().stream().map(charge -> charge.withCost(0)).toList());
    }

    /** Gives back what was granted to somebody who is gone. */
    void drop(Decision decision) {
        if (decision.admitted()) {
            refund(decision);
        }
    }

    /**
     * Ends all waits, whose tokens are given back, and closes the store. Leases of calls that still run are renewed no more,
     * and so run out.
     */
    @Override
    public void close() {
        long deadline = System.nanoTime() + LAST_WAIT_NANOS;
        scheduler.close();
        queue.close();
        waits.close(deadline);
        refunds.await(deadline);
        store.close();
    }

    Decision decide(RateLimiter limiter, Charge charge) {
        return counted(limiter, store.decide(charge));
    }

    CompletionStage<Decision> decideAsync(RateLimiter limiter, Charge charge) {
        return store.decideAsync(List.of(charge), Duration.ZERO).thenApply(decision -> counted(limiter, decision));
    }

    Decision acquire(@Nullable RateLimiter limiter, List<Charge> charges, Duration maxWait) {
        if (maxWait.isZero()) {
            return counted(limiter, store.decide(charges, maxWait));
        }
        long called = System.nanoTime();
        Duration wait = checked(charges, maxWait);
        if (Charge.anyLeased(charges)) {
            return LeaseWaitQueue.await(answered(
                    limiter, charges, wait, () -> CompletableFuture.completedFuture(store.decide(charges, wait))));
        }
        Decision decision = store.decide(charges, wait);
        return counted(limiter, ReservationWaits.isReserved(decision) ? waits.await(decision, called) : decision);
    }

    CompletableFuture<Decision> acquireAsync(@Nullable RateLimiter limiter, List<Charge> charges, Duration maxWait) {
        Duration wait = checked(charges, maxWait);
        return answered(limiter, charges, wait, () -> store.decideAsync(charges, wait));
    }

    private CompletableFuture<Decision> answered(
            @Nullable RateLimiter limiter,
            List<Charge> charges,
            Duration maxWait,
            Supplier<CompletionStage<Decision>> question) {
        long called = System.nanoTime();
        return Charge.anyLeased(charges)
                ? queue.decide(charges, maxWait, question, decision -> counted(limiter, decision))
                : waits.await(question.get(), called, decision -> counted(limiter, decision));
    }

    private static Duration smallestWait(Collection<Charge> charges) {
        return charges.stream()
                .map(charge -> charge.limit().maxWait())
                .min(Comparator.naturalOrder())
                .orElse(Duration.ZERO);
    }

    private static Duration checked(List<Charge> charges, Duration maxWait) {
        for (Charge charge : charges) {
            if (charge.limit().canWait() || charges.size() == 1) {
                charge.limit().requireWait(maxWait);
            }
        }
        if (maxWait.isNegative() || maxWait.compareTo(LONGEST_WAIT) > 0) {
            throw new IllegalArgumentException(
                    "Invalid wait " + maxWait + ": use zero for not waiting, or at most " + LONGEST_WAIT);
        }
        return maxWait;
    }

    UnknownLimitException unknown(String name) {
        return new UnknownLimitException(name, limiters.keySet());
    }

    /** The one door through which every decision leaves. What it holds is renewed from here on; it is counted if somebody listens. */
    private Decision counted(@Nullable RateLimiter only, Decision decision) {
        if (decision.isLeased()) {
            leases.hold(decision);
        }
        if (!listeners.isEmpty()) {
            count(only, decision);
            listeners.tell(decision, RateLimitListener::onDecision);
        }
        return decision;
    }

    /** An admitted call counts on each limit, a refused one on those that refused. */
    private void count(@Nullable RateLimiter only, Decision decision) {
        if (only != null) {
            only.counted(decision.admitted(), decision.source());
            return;
        }
        String last = "";
        for (int i = 0; i < decision.charges().size(); i++) {
            String name = decision.charges().get(i).limit().name();
            if (!name.equals(last) && (decision.admitted() || !decision.admits(i))) {
                last = name;
                RateLimiter limiter = limiters.get(name);
                if (limiter != null) {
                    limiter.counted(decision.admitted(), decision.source());
                }
            }
        }
    }

    private static void warnOfIdleRates(Limit limit) {
        limit.idleRates()
                .forEach((idle, stricter) -> LOG.log(
                        System.Logger.Level.WARNING,
                        "Rate " + idle + " of limit \"" + limit.name() + "\" never refuses a call that " + stricter
                                + " admits; drop it, or make it stricter"));
    }
}
