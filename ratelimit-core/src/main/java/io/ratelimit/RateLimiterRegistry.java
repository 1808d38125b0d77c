package io.ratelimit;

import io.ratelimit.algorithm.Rate;
import java.time.Duration;
import java.util.Collection;
import java.util.Collections;
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
 * A registry of limits by name, all kept in one store. Limits can be defined, replaced and removed while calls go on.
 *
 * <pre>{@code
 * try (RateLimiterRegistry registry = InMemoryRateLimitStore.newRegistry()) {
 *     RateLimiter perUser = registry.define(Limit.of("quote-user", "5/10s"));
 *     RateLimiter perAll = registry.define(Limit.of("quote-all", "20/10s"));
 *     registry.tryAcquire(List.of(perUser.charge("user-42", 1), perAll.charge("all", 1))).orThrow();
 * }
 * }</pre>
 *
 * <h2>Calls of several limits</h2>
 *
 * <p>A call of one limit goes through its {@link RateLimiter}. A call of several limits goes through this class, with
 * one charge for each limit, made by {@link RateLimiter#charge}. Charges of the same limit and key add up. The store
 * decides all charges in one atomic step: it consumes the tokens of every charge or, if one of them is rejected, of
 * none. The parameter {@code maxWait} determines whether a call may wait:
 *
 * <ul>
 *   <li>With zero, a call that does not fit now is rejected.
 *   <li>Otherwise the call reserves its tokens if all of them will have refilled within {@code maxWait}, and waits for
 *       them. Waiting calls are served in order. A call that would have to wait longer is rejected at once.
 *   <li>A call that needs a {@linkplain Limit#isLeased() lease} reserves nothing. It queues until its leases are free,
 *       and then consumes all its charges at once.
 * </ul>
 *
 * <p>Methods that wait throw, or complete with, a {@link java.util.concurrent.CancellationException} if the waiting
 * thread is interrupted (it stays interrupted), the future is cancelled, or the registry is closed. All tokens are then
 * refunded. A {@code maxWait} that is negative, or longer than a limit can count, fails with an
 * {@link IllegalArgumentException}, and a charge whose limit was removed with an {@link UnknownLimitException}. If a
 * remote store does not answer, and no {@link StoreFailurePolicy} decides
 * instead, methods throw, or complete with, a {@link StoreUnavailableException}.
 */
public final class RateLimiterRegistry implements AutoCloseable {

    private final RateLimitStore store;
    private final DecisionEngine engine;
    private final ListenerNotifier listeners;
    private final boolean countDecisions;
    private final @Nullable UndefinedLimits undefined;
    private final Map<String, RateLimiter> limiters = new ConcurrentHashMap<>();

    /**
     * Creates an empty registry, which counts its decisions if there are listeners, because meters read the counts.
     *
     * @param store the store that keeps the buckets; closed with the registry
     * @param listeners notified of decisions, in this order
     */
    public RateLimiterRegistry(RateLimitStore store, List<? extends RateLimitListener> listeners) {
        this(store, listeners, !listeners.isEmpty());
    }

    /**
     * Creates an empty registry, in which a limit must be defined to be used.
     *
     * @param store the store that keeps the buckets; closed with the registry
     * @param listeners notified of decisions, in this order
     * @param countDecisions whether {@link RateLimiter#count} counts; on several threads a count costs 8 to 10 ns a
     *     call
     */
    public RateLimiterRegistry(
            RateLimitStore store, List<? extends RateLimitListener> listeners, boolean countDecisions) {
        this(store, listeners, countDecisions, UnknownLimitPolicy.FAIL);
    }

    /**
     * Creates an empty registry.
     *
     * @param store the store that keeps the buckets; closed with the registry
     * @param listeners notified of decisions, in this order
     * @param countDecisions whether {@link RateLimiter#count} counts; on several threads a count costs 8 to 10 ns a
     *     call
     * @param unknownLimits whether {@link #get} fails for a limit that is not defined, or returns a limiter that admits
     *     every call
     */
    public RateLimiterRegistry(
            RateLimitStore store,
            List<? extends RateLimitListener> listeners,
            boolean countDecisions,
            UnknownLimitPolicy unknownLimits) {
        boolean unlimited = unknownLimits == UnknownLimitPolicy.UNLIMITED;
        this.store = store;
        this.listeners = new ListenerNotifier(listeners);
        this.countDecisions = countDecisions;
        this.undefined = unlimited ? new UndefinedLimits(limiters.keySet()) : null;
        this.engine = new DecisionEngine(
                unlimited ? new UndefinedLimitsStore(store) : store, this.listeners, countDecisions, limiters.keySet());
    }

    /**
     * Defines a limit.
     *
     * @param limit the limit
     * @return its limiter
     * @throws IllegalStateException if a limit of this name is already defined
     */
    public synchronized RateLimiter define(Limit limit) {
        LimitDefinition definition = new LimitDefinition(countDecisions ? new DecisionCounts() : null);
        RateLimiter limiter = new RateLimiter(engine, limit, definition, limiters);
        if (limiters.putIfAbsent(limit.name(), limiter) != null) {
            throw new IllegalStateException("Limit \"" + limit.name() + "\" is already defined; use replace");
        }
        warnOfIdleRates(limit);
        if (!listeners.isEmpty()) {
            // Skipped without listeners: the first method reference in a JVM takes milliseconds.
            listeners.tell(limit, RateLimitListener::onDefined);
        }
        return limiter;
    }

    /**
     * Replaces a limit by one of the same name with other rates or policies. Its buckets keep their tokens, rounded
     * down to a thousandth, up to the new capacity. When a rate is added, its bucket starts with as many tokens used as
     * the most used of the other rates.
     *
     * @param limit the new limit
     * @return its limiter, the same as before
     * @throws UnknownLimitException if no limit of this name is defined
     */
    public synchronized RateLimiter replace(Limit limit) {
        RateLimiter limiter = find(limit.name()).orElseThrow(() -> unknown(limit.name()));
        limiter.replace(limit);
        warnOfIdleRates(limit);
        listeners.tell(limit, RateLimitListener::onReplaced);
        return limiter;
    }

    /**
     * Removes a limit with its buckets. Its limiter fails further calls with an {@link UnknownLimitException}, as do
     * calls that use a charge of it or are queued for its leases. Calls that were admitted before go on: they may be
     * settled, and their leases released.
     *
     * <p>A store in memory frees the buckets within about ten seconds, and a limit that is defined again under the name
     * starts with full ones. A remote store lets its buckets expire; until then, a limit of the name continues them, on
     * this node and on others. To change a limit without refilling its buckets, use {@link #replace}.
     *
     * @param name the limit's name
     * @return whether it was defined
     */
    public boolean remove(String name) {
        try {
            return removeWithBuckets(name);
        } finally {
            // Runs code of callers, which may define the limit again or wait for another thread that does.
            engine.endWaitsOfRemovedLimits();
        }
    }

    private synchronized boolean removeWithBuckets(String name) {
        RateLimiter limiter = limiters.remove(name);
        if (limiter == null) {
            return false;
        }
        Limit removed = limiter.remove();
        try {
            engine.limitRemoved(removed);
        } finally {
            listeners.tell(removed, RateLimitListener::onRemoved);
        }
        return true;
    }

    /**
     * Returns the limiter of a limit. If none of this name is defined, and the registry was created with
     * {@link UnknownLimitPolicy#UNLIMITED}, the limiter admits every call until a limit of this name is defined. Its
     * calls are neither counted nor reported to listeners. The first one is logged as a warning, for the first 100
     * names.
     *
     * @param name the limit's name
     * @return its limiter
     * @throws UnknownLimitException if no limit of this name is defined, unless such limits are unlimited
     */
    public RateLimiter get(String name) {
        RateLimiter limiter = limiters.get(name);
        if (limiter != null) {
            return limiter;
        }
        if (undefined == null) {
            throw unknown(name);
        }
        return new RateLimiter(engine, name, limiters, undefined);
    }

    /**
     * Returns the limiter of a limit, if it is defined.
     *
     * @param name the limit's name
     * @return its limiter, or empty
     */
    public Optional<RateLimiter> find(String name) {
        return Optional.ofNullable(limiters.get(name));
    }

    /** {@return the limiters of all limits, as an unordered live view} */
    public Collection<RateLimiter> all() {
        return Collections.unmodifiableCollection(limiters.values());
    }

    /** {@return the store that keeps the buckets} */
    public RateLimitStore store() {
        return store;
    }

    /**
     * Acquires several charges without waiting.
     *
     * @param charges one or more, made by {@link RateLimiter#charge}
     * @return the decision
     */
    public Decision tryAcquire(Collection<Charge> charges) {
        return engine.acquire(merged(charges), Duration.ZERO);
    }

    /**
     * The same as {@link #tryAcquire}, without blocking the caller while a remote store decides.
     *
     * @param charges one or more, made by {@link RateLimiter#charge}
     * @return the decision
     */
    public CompletionStage<Decision> tryAcquireAsync(Collection<Charge> charges) {
        return engine.decideAsync(merged(charges));
    }

    /**
     * Acquires several charges, and blocks until the last of them fits; see {@linkplain RateLimiterRegistry above}.
     *
     * @param charges one or more, made by {@link RateLimiter#charge}
     * @param maxWait zero or more
     * @return the decision, after the wait
     */
    public Decision acquire(Collection<Charge> charges, Duration maxWait) {
        return engine.acquire(merged(charges), maxWait);
    }

    /**
     * The same as {@link #acquire(Collection, Duration)} with a list of one charge.
     *
     * <pre>{@code
     * registry.acquire(perUser.charge("user-42", 1), Duration.ZERO).orThrow();
     * }</pre>
     *
     * @param charge made by {@link RateLimiter#charge}
     * @param maxWait zero or more
     * @return the decision, after the wait
     */
    public Decision acquire(Charge charge, Duration maxWait) {
        requireDefined(charge);
        return engine.acquire(charge.withNewLease(), maxWait);
    }

    /**
     * The same as {@link #acquire(Collection, Duration)}, without blocking the caller.
     *
     * @param charges one or more, made by {@link RateLimiter#charge}
     * @param maxWait zero or more
     * @return the decision, after the wait; cancelling it before that refunds everything
     */
    public CompletableFuture<Decision> acquireAsync(Collection<Charge> charges, Duration maxWait) {
        return engine.acquireAsync(merged(charges), maxWait);
    }

    /**
     * The same as {@link #acquire(Collection, Duration)}, but blocks the caller only while a remote store decides, and
     * not during the wait.
     *
     * @param charges one or more, made by {@link RateLimiter#charge}
     * @param maxWait zero or more
     * @return the decision, after the wait; done if there is nothing to wait for; cancelling it before that refunds
     *     everything
     */
    public CompletableFuture<Decision> reserve(Collection<Charge> charges, Duration maxWait) {
        return engine.reserve(merged(charges), maxWait);
    }

    /**
     * Acquires several charges like {@link #acquire(Collection, Duration)}, and holds their leases until the permit is
     * closed.
     *
     * @param charges one or more, made by {@link RateLimiter#charge}
     * @param maxWait zero or more
     * @return the permit, with no lease if no limit is {@linkplain Limit#isLeased() leased}
     * @throws RateLimitExceededException if the call is rejected, at once or after a wait
     */
    public Permit hold(Collection<Charge> charges, Duration maxWait) {
        return new Permit(engine, acquire(charges, maxWait).orThrow());
    }

    /**
     * The same as {@link #hold}, without blocking the caller.
     *
     * @param charges one or more, made by {@link RateLimiter#charge}
     * @param maxWait zero or more
     * @return the permit, or a {@link RateLimitExceededException}; cancelling it before that refunds everything
     */
    public CompletableFuture<Permit> holdAsync(Collection<Charge> charges, Duration maxWait) {
        return GuardedCall.permit(acquireAsync(charges, maxWait), engine);
    }

    /**
     * Releases the leases of a decision, because its call has ended. Needed after each admitted call of a
     * {@linkplain Limit#isLeased() leased} limit that did not use a {@link Permit}; otherwise its leases are renewed
     * forever.
     *
     * @param decision any decision of this registry; does nothing if it holds no lease, or none any more
     * @return completes when they are released, or with a {@link StoreUnavailableException}; they then expire
     */
    public CompletionStage<Void> release(Decision decision) {
        return engine.release(decision);
    }

    /**
     * Runs a task after acquiring several charges. Waits at most the shortest {@link Limit#maxWait()} of their limits.
     *
     * <pre>{@code
     * Quote quote = registry.call(List.of(perUser.charge("user-42", 1), perAll.charge("all", 1)), quotes::next);
     * }</pre>
     *
     * @param charges one or more, made by {@link RateLimiter#charge}
     * @param task not run if the call is rejected
     * @param <T> the type of the result
     * @return the result of the task
     * @throws RateLimitExceededException if the call is rejected
     * @throws Exception if the task throws it
     */
    public <T extends @Nullable Object> T call(Collection<Charge> charges, Callable<T> task) throws Exception {
        return GuardedCall.run(acquire(charges, DecisionEngine.shortestMaxWait(charges)), task, engine);
    }

    /**
     * The same as {@link #call}, without blocking the caller. The task starts on the caller's thread if the decision is
     * available at once, otherwise in the common pool.
     *
     * @param charges one or more, made by {@link RateLimiter#charge}
     * @param task what it throws completes the future
     * @param <T> the type of the result
     * @return the result of the task, or a {@link RateLimitExceededException}; cancelling it refunds everything if the
     *     task has not started, and otherwise cancels the stage of the task if that is a future
     */
    public <T extends @Nullable Object> CompletableFuture<T> callAsync(
            Collection<Charge> charges, Supplier<? extends CompletionStage<T>> task) {
        return GuardedCall.start(acquireAsync(charges, DecisionEngine.shortestMaxWait(charges)), task, engine);
    }

    /**
     * Corrects the charges of a decision to what its call really used. Unused tokens are refunded. Tokens used beyond
     * the charge become a debt, of at most the capacity of each rate, that later calls have to wait for.
     *
     * <pre>{@code
     * Decision decision = registry.tryAcquire(List.of(tokens.charge("acme", 4000))).orThrow(); // the most it can cost
     * Completion completion = model.complete(prompt); // uses 1200
     * registry.settle(decision, List.of(tokens.charge("acme", completion.tokens()))); // refunds 2800
     * }</pre>
     *
     * <p>Nothing is refunded if the bucket could have refilled those tokens since they were consumed.
     *
     * @param decision an admitted decision that is not settled yet
     * @param used charges of the decision with their real costs; charges that are not listed stay as they are
     * @return completes when the store has applied the correction, or with a {@link StoreUnavailableException}; at once
     *     for a decision that no store made
     * @throws IllegalArgumentException if the decision was rejected, or does not have one of the charges
     * @throws IllegalStateException if the decision was settled before
     */
    public CompletionStage<Void> settle(Decision decision, Collection<Charge> used) {
        return engine.settle(decision, used);
    }

    /**
     * Refunds all tokens of a decision and releases its leases, because its call used nothing.
     *
     * @param decision an admitted decision that is not settled yet
     * @return completes when everything is refunded, or with a {@link StoreUnavailableException}
     * @throws IllegalArgumentException if the decision was rejected
     * @throws IllegalStateException if the decision was settled before
     */
    public CompletionStage<Void> refund(Decision decision) {
        return engine.refund(decision);
    }

    /**
     * Ends all waits, refunds their tokens, and closes the store. Leases of calls that are still running are not
     * renewed any more, and expire.
     */
    @Override
    public void close() {
        engine.close();
    }

    private List<Charge> merged(Collection<Charge> charges) {
        for (Charge charge : charges) {
            requireDefined(charge);
        }
        return Charge.merged(charges);
    }

    /** Rejects a charge that was made before its limit was removed. */
    private void requireDefined(Charge charge) {
        if (charge.limit().isRemoved()) {
            throw unknown(charge.limit().name());
        }
    }

    private UnknownLimitException unknown(String name) {
        return new UnknownLimitException(name, limiters.keySet());
    }

    private static void warnOfIdleRates(Limit limit) {
        for (Map.Entry<Rate, Rate> each : limit.redundantRates().entrySet()) {
            System.getLogger(RateLimiterRegistry.class.getName())
                    .log(
                            System.Logger.Level.WARNING,
                            "Rate " + each.getKey() + " of limit \"" + limit.name() + "\" never rejects a call that "
                                    + each.getValue() + " admits; remove it, or make it stricter");
        }
    }
}
