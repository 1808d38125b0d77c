package io.ratelimit;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Decides calls: asks the store, waits for reservations and leases, renews the leases of admitted calls, and settles or
 * refunds decisions afterwards.
 *
 * <p>Every decision passes through {@link #complete} just before its caller gets it. The order of one call:
 *
 * <ol>
 *   <li>The store decides all charges of the call at once.
 *   <li>A call that reserved tokens waits for them in {@link ReservationWaits}; a call that needs a lease waits in
 *       {@link LeaseWaitQueue}.
 *   <li>{@link #complete} hands the leases of an admitted call to {@link LeaseRenewals}, counts the decision, and
 *       notifies the listeners.
 * </ol>
 */
final class DecisionEngine implements AutoCloseable {

    private static final long CLOSE_TIMEOUT_NANOS = 1_000_000_000;
    private static final Duration LONGEST_WAIT = Duration.ofNanos(Long.MAX_VALUE);

    private final RateLimitStore store;
    private final ListenerNotifier listeners;
    private final boolean observed;
    private final TimeoutScheduler scheduler = new TimeoutScheduler();
    private final PendingRefunds refunds;
    private final ReservationWaits waits;
    private final LeaseRenewals leases;
    private final LeaseWaitQueue queue;

    /**
     * Creates an engine.
     *
     * @param store the store to ask; closed with the engine
     * @param listeners notified of each decision and of lost leases
     * @param countDecisions whether limits carry {@linkplain Limit#counts() counts} to increment
     * @param definedNames the names of all limits of the registry, as a live view
     */
    DecisionEngine(
            RateLimitStore store, ListenerNotifier listeners, boolean countDecisions, Collection<String> definedNames) {
        this.store = store;
        this.listeners = listeners;
        this.observed = countDecisions || !listeners.isEmpty();
        this.refunds = new PendingRefunds(store);
        this.waits = new ReservationWaits(refunds, scheduler);
        this.leases = new LeaseRenewals(store, scheduler, refunds, listeners);
        this.queue = new LeaseWaitQueue(store, leases, refunds, scheduler, definedNames);
    }

    RateLimitStore store() {
        return store;
    }

    /** Frees the buckets of a limit that was removed. */
    void limitRemoved(Limit limit) {
        store.limitRemoved(limit);
    }

    /** Ends the waits for leases of limits that were removed. Completes futures of callers, so hold no lock. */
    void endWaitsOfRemovedLimits() {
        queue.endWaitsOfRemovedLimits();
    }

    /** Decides one charge without waiting. */
    Decision decide(Charge charge) {
        return complete(charge.limit(), store.decide(charge));
    }

    CompletionStage<Decision> decideAsync(List<Charge> charges) {
        return store.decideAsync(charges, Duration.ZERO).thenApply(decision -> complete(charges, decision));
    }

    /**
     * Decides one charge, and blocks until it fits.
     *
     * @param charge with a lease of its own if its limit is leased
     * @throws java.util.concurrent.CancellationException as {@link #acquire(List, Duration)}
     */
    Decision acquire(Charge charge, Duration maxWait) {
        if (maxWait.isZero()) {
            return decide(charge);
        }
        if (charge.isLeased()) {
            return acquire(List.of(charge), maxWait);
        }
        charge.limit().requireWait(maxWait);
        long calledNanos = calledNanos();
        Decision decision = store.decide(charge, maxWait);
        return complete(charge.limit(), decision.isReserved() ? awaitGrant(decision, calledNanos) : decision);
    }

    /**
     * Decides several charges as one call, and blocks until the last of them fits.
     *
     * @param charges as {@link Charge#merged} returns them
     * @throws java.util.concurrent.CancellationException if the thread is interrupted or the engine closed while it
     *     waits
     */
    Decision acquire(List<Charge> charges, Duration maxWait) {
        if (maxWait.isZero()) {
            return complete(charges, store.decide(charges, maxWait));
        }
        long calledNanos = calledNanos();
        requireWait(charges, maxWait);
        if (Charge.anyLeased(charges)) {
            return LeaseWaitQueue.await(
                    await(charges, maxWait, () -> CompletableFuture.completedFuture(store.decide(charges, maxWait))));
        }
        Decision decision = store.decide(charges, maxWait);
        return complete(charges, decision.isReserved() ? awaitGrant(decision, calledNanos) : decision);
    }

    /** Returns when a call came in, by {@link System#nanoTime}; 0 if the store decides at once. */
    private long calledNanos() {
        return store.isRemote() ? System.nanoTime() : 0;
    }

    private Decision awaitGrant(Decision decision, long calledNanos) {
        return waits.await(decision, store.isRemote() ? calledNanos : System.nanoTime());
    }

    CompletableFuture<Decision> acquireAsync(List<Charge> charges, Duration maxWait) {
        requireWait(charges, maxWait);
        return await(charges, maxWait, () -> store.decideAsync(charges, maxWait));
    }

    /** Decides on this thread, which may block while a remote store decides, and waits without blocking. */
    CompletableFuture<Decision> reserve(List<Charge> charges, Duration maxWait) {
        requireWait(charges, maxWait);
        return await(charges, maxWait, () -> CompletableFuture.completedFuture(store.decide(charges, maxWait)));
    }

    private CompletableFuture<Decision> await(
            List<Charge> charges, Duration maxWait, Supplier<CompletionStage<Decision>> question) {
        long calledNanos = System.nanoTime();
        return Charge.anyLeased(charges)
                ? queue.decide(charges, maxWait, question, decision -> complete(charges, decision))
                : waits.await(question.get(), calledNanos, decision -> complete(charges, decision));
    }

    private static void requireWait(List<Charge> charges, Duration maxWait) {
        for (Charge charge : charges) {
            if (charge.limit().canWait() || charges.size() == 1) {
                charge.limit().requireWait(maxWait);
            }
        }
        if (maxWait.isNegative() || maxWait.compareTo(LONGEST_WAIT) > 0) {
            throw new IllegalArgumentException(
                    "Invalid wait " + maxWait + ": use zero for not waiting, or at most " + LONGEST_WAIT);
        }
    }

    /** Returns the shortest max-wait of the limits of some charges; zero if there are none. */
    static Duration shortestMaxWait(Collection<Charge> charges) {
        return charges.stream()
                .map(charge -> charge.limit().maxWait())
                .min(Comparator.naturalOrder())
                .orElse(Duration.ZERO);
    }

    private Decision complete(List<Charge> charges, Decision decision) {
        return complete(charges.size() == 1 ? charges.get(0).limit() : null, decision);
    }

    /** Takes over the leases of a decision that is about to reach its caller, counts it, and notifies the listeners. */
    private Decision complete(@Nullable Limit only, Decision decision) {
        if (decision.isLeased()) {
            leases.hold(decision);
        }
        if (observed) {
            observe(only, decision);
        }
        return decision;
    }

    private void observe(@Nullable Limit only, Decision decision) {
        if (decision.source() == DecisionSource.DISABLED && UndefinedLimits.containAll(decision)) {
            return;
        }
        if (only == null) {
            countOnEachLimit(decision);
        } else {
            count(only, decision);
        }
        listeners.tell(decision, RateLimitListener::onDecision);
    }

    /** Counts an admitted call once on each of its limits, and a rejected one on those that rejected it. */
    private static void countOnEachLimit(Decision decision) {
        List<Charge> charges = decision.charges();
        String last = "";
        for (int i = 0; i < charges.size(); i++) {
            Limit limit = charges.get(i).limit();
            if (!limit.name().equals(last) && (decision.admitted() || !decision.admits(i))) {
                last = limit.name();
                count(limit, decision);
            }
        }
    }

    private static void count(Limit limit, Decision decision) {
        DecisionCounts counts = limit.counts();
        if (counts != null) {
            counts.increment(decision.admitted(), decision.source());
        }
    }

    /** Returns whether a lease of a decision expired, or was reset, while its call ran. */
    boolean isLost(Decision decision) {
        return leases.isLost(decision);
    }

    CompletionStage<Void> release(Decision decision) {
        return leases.release(decision);
    }

    CompletionStage<Void> settle(Decision decision, Collection<Charge> used) {
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
        CompletionStage<Void> refunded =
                unused.isEmpty() ? CompletableFuture.completedFuture(null) : store.refund(decision, unused);
        return more.isEmpty()
                ? refunded
                : refunded.thenCombine(store.debit(decision, more), (nothing, debited) -> debited);
    }

    CompletionStage<Void> refund(Decision decision) {
        leases.drop(decision);
        return settle(
                decision,
                decision.charges().stream().map(charge -> charge.withCost(0)).toList());
    }

    /** Refunds a decision whose caller is gone; does nothing for a rejection. */
    void drop(Decision decision) {
        if (decision.admitted()) {
            refund(decision);
        }
    }

    /** Ends all waits, refunds their reservations for at most a second, and closes the store. */
    @Override
    public void close() {
        long deadline = System.nanoTime() + CLOSE_TIMEOUT_NANOS;
        scheduler.close();
        queue.close();
        waits.close(deadline);
        refunds.await(deadline);
        store.close();
    }
}
