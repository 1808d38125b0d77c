package io.ratelimit;

import io.ratelimit.algorithm.LeaseState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Makes calls wait for leases. The store keeps the order of the queue and reports each lease that became free; the
 * first call in the queue is then decided again, with all its charges at once.
 *
 * <p>A report may get lost, and the store does not report leases that expire. Twice a second, therefore, the first call
 * in the queue of each key asks the store whether it is its turn.
 */
final class LeaseWaitQueue implements AutoCloseable {

    private static final long POLL_NANOS = 500_000_000;

    private final RateLimitStore store;
    private final LeaseRenewals leases;
    private final PendingRefunds refunds;
    private final TimeoutScheduler scheduler;
    private final Collection<String> definedNames;
    private final ConcurrentLinkedQueue<Waiter> waiters = new ConcurrentLinkedQueue<>();
    private final Map<Long, Waiter> byLease = new ConcurrentHashMap<>();
    private @Nullable Future<?> polling;
    private boolean listening;
    private volatile boolean closed;

    /**
     * Creates an empty queue.
     *
     * @param definedNames the names of all limits of the registry, as a live view
     */
    LeaseWaitQueue(
            RateLimitStore store,
            LeaseRenewals leases,
            PendingRefunds refunds,
            TimeoutScheduler scheduler,
            Collection<String> definedNames) {
        this.store = store;
        this.leases = leases;
        this.refunds = refunds;
        this.scheduler = scheduler;
        this.definedNames = definedNames;
    }

    /**
     * Decides a call with leased charges, and queues it if it has to wait.
     *
     * @param first asks the store for the first time, with or without blocking the caller
     * @param beforeAnswer gets the decision just before the result is completed with it
     * @return the decision, after the wait; cancelling it before that leaves the queue
     */
    CompletableFuture<Decision> decide(
            List<Charge> charges,
            Duration maxWait,
            Supplier<CompletionStage<Decision>> first,
            Consumer<Decision> beforeAnswer) {
        Waiter waiter = new Waiter(charges, maxWait, beforeAnswer);
        if (!maxWait.isZero()) {
            enter(waiter);
        }
        waiter.ask(first);
        return waiter.answered;
    }

    /**
     * Blocks until a decision is available.
     *
     * @throws CancellationException if the thread is interrupted (it stays interrupted); its call leaves the queue
     */
    static Decision await(CompletableFuture<Decision> answer) {
        try {
            return answer.get();
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
            if (answer.cancel(true)) {
                throw new CancellationException("Interrupted while waiting for a lease");
            }
            return answer.join();
        } catch (ExecutionException ex) {
            throw ex.getCause() instanceof RuntimeException failure ? failure : new IllegalStateException(ex);
        }
    }

    /** Ends all waits. Every call leaves the queue. */
    @Override
    public void close() {
        closed = true;
        waiters.forEach(Waiter::closed);
    }

    /**
     * Ends the waits for leases of limits that were removed. All calls of a limit get the same
     * {@link UnknownLimitException}, because there may be many of them.
     */
    void endWaitsOfRemovedLimits() {
        Map<String, UnknownLimitException> failures = new HashMap<>();
        waiters.forEach(waiter -> waiter.endIfLimitRemoved(failures));
    }

    private void enter(Waiter waiter) {
        synchronized (this) {
            if (!listening) {
                listening = true;
                store.onLeaseReady(this::onLeaseReady);
            }
            waiters.add(waiter);
            if (polling == null) {
                polling = scheduler.scheduleRepeatedly(POLL_NANOS, this::pollFirstOfEachKey);
            }
        }
        for (Charge charge : waiter.charges) {
            if (charge.isLeased()) {
                byLease.put(charge.lease(), waiter);
            }
        }
        waiter.answered.whenComplete((answer, cancelled) -> leave(waiter));
    }

    private void leave(Waiter waiter) {
        waiters.remove(waiter);
        waiter.charges.forEach(charge -> byLease.remove(charge.lease(), waiter));
        synchronized (this) {
            if (waiters.isEmpty() && polling != null) {
                polling.cancel(false);
                polling = null;
            }
        }
    }

    private void onLeaseReady(long lease) {
        Waiter waiter = byLease.get(lease);
        if (waiter != null) {
            waiter.askAgain();
        }
    }

    private void pollFirstOfEachKey() {
        Set<List<String>> asked = new HashSet<>();
        List<Decision> first = new ArrayList<>();
        Map<String, UnknownLimitException> failures = new HashMap<>();
        for (Waiter waiter : waiters) {
            Decision queued = waiter.endIfLimitRemoved(failures) ? null : waiter.queued;
            if (queued != null) {
                boolean isFirst = false;
                for (Charge charge : queued.leases()) {
                    isFirst |= asked.add(List.of(charge.limit().name(), charge.key()));
                }
                if (isFirst) {
                    first.add(queued);
                }
            }
        }
        leases.renew(first);
    }

    /** A call that is queued or about to be queued. Asks the store one question at a time. */
    private final class Waiter {

        final List<Charge> charges;
        final CompletableFuture<Decision> answered = new CompletableFuture<>();
        private final Duration maxWait;
        private final Consumer<Decision> beforeAnswer;
        private final long calledNanos = System.nanoTime();
        /** The last rejection that left the call in the queue; null if it is not queued. */
        private volatile @Nullable Decision queued;

        private boolean asking;
        private boolean turnCame;
        private boolean waitOver;
        private @Nullable Future<?> deadline;

        Waiter(List<Charge> charges, Duration maxWait, Consumer<Decision> beforeAnswer) {
            this.charges = charges;
            this.maxWait = maxWait;
            this.beforeAnswer = beforeAnswer;
            answered.whenComplete((answer, failure) -> leaveStore());
        }

        /** Asks the store again now or, if it is being asked already, once it has answered. */
        void askAgain() {
            synchronized (this) {
                turnCame = true;
                if (asking || queued == null) {
                    return;
                }
            }
            ForkJoinPool.commonPool().execute(() -> ask(() -> store.decideAsync(charges, maxWait)));
        }

        void ask(Supplier<CompletionStage<Decision>> question) {
            synchronized (this) {
                if (asking || answered.isDone()) {
                    return;
                }
                asking = true;
                turnCame = false;
            }
            try {
                question.get().whenComplete(this::decided);
            } catch (RuntimeException ex) {
                decided(null, ex);
            }
        }

        private void decided(@Nullable Decision decision, @Nullable Throwable failure) {
            Decision before = queued;
            if (before != null) {
                leases.drop(before);
            }
            boolean isQueued = decision != null && decision.isQueued();
            boolean again;
            boolean over;
            synchronized (this) {
                asking = false;
                queued = isQueued ? decision : null;
                again = isQueued && turnCame;
                over = waitOver;
            }
            if (before != null && (decision == null || decision.source() != before.source())) {
                // The new decision is not about the queued lease of the old one, which would block the queue.
                giveUp(before);
            }
            if (decision == null) {
                fail(failure);
            } else if (!isQueued) {
                answer(before == null ? decision : afterWait(decision));
            } else if (answered.isDone()) {
                giveUp(decision);
            } else if (over) {
                answer(decision);
            } else {
                waitOn(decision);
                if (again) {
                    askAgain();
                }
            }
        }

        /**
         * Rejects the call if its leases became free too late, for instance because the JVM or the store was paused.
         */
        private Decision afterWait(Decision decision) {
            Duration waited = sinceCalled();
            if (decision.admitted() && ReservationWaits.isLate(waited, maxWait)) {
                refunds.refund(decision, decision.charges());
                return decision.rejected();
            }
            return decision.after(waited);
        }

        private void waitOn(Decision decision) {
            leases.keep(decision, this::onRenewed);
            synchronized (this) {
                if (deadline == null) {
                    long left = maxWait.minus(sinceCalled()).toNanos();
                    deadline = scheduler.schedule(Math.max(0, left), this::endWait);
                }
            }
            if (closed) {
                closed();
            }
            endIfLimitRemoved(new HashMap<>());
            if (answered.isDone()) {
                // The call was cancelled meanwhile, and may have dropped the decision before it was kept.
                leases.drop(decision);
                leaveStore();
            }
        }

        private void onRenewed(Decision decision, LeaseState state) {
            if (decision == queued && (state == LeaseState.READY || state == LeaseState.LOST)) {
                askAgain();
            }
        }

        private void endWait() {
            Decision rejection;
            synchronized (this) {
                waitOver = true;
                rejection = asking ? null : queued;
            }
            if (rejection != null) {
                answer(rejection);
            }
        }

        /**
         * Ends the wait if a limit of the call was removed, and returns whether the wait is over.
         *
         * @param failures the exceptions for removed limits that were made before, by name
         */
        boolean endIfLimitRemoved(Map<String, UnknownLimitException> failures) {
            for (Charge charge : charges) {
                if (!answered.isDone() && charge.limit().isRemoved()) {
                    answered.completeExceptionally(failures.computeIfAbsent(
                            charge.limit().name(), name -> new UnknownLimitException(name, definedNames)));
                }
            }
            return answered.isDone();
        }

        void closed() {
            answered.completeExceptionally(
                    new CancellationException("The registry was closed while a call waited for a lease"));
        }

        private void answer(Decision decision) {
            if (!answered.isDone()) {
                beforeAnswer.accept(decision);
                if (answered.complete(decision)) {
                    return;
                }
            }
            if (decision.admitted()) {
                leases.drop(decision);
                refunds.refund(decision, decision.charges());
            }
        }

        private void fail(@Nullable Throwable failure) {
            boolean wrapped = failure instanceof CompletionException && failure.getCause() != null;
            answered.completeExceptionally(
                    failure == null
                            ? new IllegalStateException("No decision")
                            : wrapped ? failure.getCause() : failure);
        }

        /** Removes the call from the store's queue, because the call is answered or cancelled. */
        private void leaveStore() {
            Decision last;
            Future<?> timeout;
            synchronized (this) {
                last = queued;
                queued = null;
                timeout = deadline;
            }
            if (timeout != null) {
                timeout.cancel(false);
            }
            if (last != null) {
                giveUp(last);
            }
        }

        private void giveUp(Decision last) {
            leases.drop(last);
            refunds.refund(last, last.leases());
        }

        private Duration sinceCalled() {
            return Duration.ofNanos(System.nanoTime() - calledNanos);
        }
    }
}
