package io.ratelimit;

import java.time.Duration;
import java.util.ArrayList;
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
 * The calls that queue for a lease. The store keeps the order, and says whose turn it is; then the call is decided again, all
 * its charges at once.
 *
 * <p>Word of a turn may be lost, and a lease that runs out tells nobody. So twice a second the first in the queue for each
 * key asks whether it is its turn.
 */
final class LeaseWaitQueue implements AutoCloseable {

    private static final long ASK_NANOS = 500_000_000;

    private final RateLimitStore store;
    private final LeaseRenewals leases;
    private final PendingRefunds refunds;
    private final TimeoutScheduler scheduler;
    private final ConcurrentLinkedQueue<Waiter> waiters = new ConcurrentLinkedQueue<>();
    private final Map<Long, Waiter> byLease = new ConcurrentHashMap<>();
    private @Nullable Future<?> polling;
    private boolean listening;
    private volatile boolean closed;

    LeaseWaitQueue(RateLimitStore store, LeaseRenewals leases, PendingRefunds refunds, TimeoutScheduler scheduler) {
        this.store = store;
        this.leases = leases;
        this.refunds = refunds;
        this.scheduler = scheduler;
    }

    /**
     * Decides a call with leased charges, and queues it if it has to wait.
     *
     * @param first how the store is asked for the first time, by blocking the caller or not
     * @param counted hears of the answer just before the caller does
     * @return the answer; cancelling it before leaves the queue
     */
    CompletableFuture<Decision> decide(
            List<Charge> charges,
            Duration maxWait,
            Supplier<CompletionStage<Decision>> first,
            Consumer<Decision> counted) {
        Waiter waiter = new Waiter(charges, maxWait, counted);
        if (!maxWait.isZero()) {
            enter(waiter);
        }
        waiter.ask(first);
        return waiter.answered;
    }

    /** Waits for an answer; who is interrupted leaves the queue. Interrupts stay set. */
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

    /** Ends all waits; who queues leaves. */
    @Override
    public void close() {
        closed = true;
        waiters.forEach(Waiter::closed);
    }

    private void enter(Waiter waiter) {
        synchronized (this) {
            if (!listening) {
                listening = true;
                store.onLeaseReady(this::ready);
            }
            waiters.add(waiter);
            if (polling == null) {
                polling = scheduler.scheduleRepeatedly(ASK_NANOS, this::askForTheFirst);
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

    private void ready(long lease) {
        Waiter waiter = byLease.get(lease);
        if (waiter != null) {
            waiter.turn();
        }
    }

    private void askForTheFirst() {
        Set<List<String>> asked = new HashSet<>();
        List<Decision> first = new ArrayList<>();
        for (Waiter waiter : waiters) {
            Decision queued = waiter.queued;
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

    /** A call in the queue, or about to enter it. It is decided by one question to the store at a time. */
    private final class Waiter {

        final List<Charge> charges;
        final CompletableFuture<Decision> answered = new CompletableFuture<>();
        private final Duration maxWait;
        private final Consumer<Decision> counted;
        private final long calledNanos = System.nanoTime();
        /** The last refusal that left the call in the queue. */
        private volatile @Nullable Decision queued;

        private boolean asking;
        private boolean turnCame;
        private boolean waitOver;
        private @Nullable Future<?> deadline;

        Waiter(List<Charge> charges, Duration maxWait, Consumer<Decision> counted) {
            this.charges = charges;
            this.maxWait = maxWait;
            this.counted = counted;
            answered.whenComplete((answer, failure) -> gone());
        }

        /** Asks the store, unless an answer is under way; then it is asked again after that. */
        void turn() {
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
            boolean again;
            boolean over;
            synchronized (this) {
                asking = false;
                queued = decision != null && decision.isQueued() ? decision : null;
                again = queued != null && turnCame;
                over = waitOver;
            }
            if (before != null && (decision == null || decision.source() != before.source())) {
                // Whatever became of the question, the lease that it was about is not this call's any more.
                giveUp(before);
            }
            if (decision == null) {
                fail(failure);
            } else if (!decision.isQueued()) {
                answer(before == null ? decision : afterWait(decision));
            } else if (answered.isDone()) {
                giveUp(decision);
            } else if (over) {
                answer(decision);
            } else {
                waitOn(decision);
                if (again) {
                    turn();
                }
            }
        }

        /** A turn that came too late for the caller, because the JVM or the store stood still, is a refusal. */
        private Decision afterWait(Decision decision) {
            Duration waited = sinceCalled();
            if (decision.admitted() && ReservationWaits.isLate(waited, maxWait)) {
                refunds.refund(decision, decision.charges());
                return decision.rejected();
            }
            return decision.after(waited);
        }

        private void waitOn(Decision decision) {
            leases.keep(decision, this::told);
            synchronized (this) {
                if (deadline == null) {
                    long left = maxWait.minus(sinceCalled()).toNanos();
                    deadline = scheduler.schedule(Math.max(0, left), this::endWait);
                }
            }
            if (closed) {
                closed();
            }
            if (answered.isDone()) {
                // Who went meanwhile may have dropped the decision before it was kept.
                leases.drop(decision);
                gone();
            }
        }

        private void told(Decision decision, LeaseState state) {
            if (decision == queued && (state == LeaseState.READY || state == LeaseState.LOST)) {
                turn();
            }
        }

        private void endWait() {
            Decision refusal;
            synchronized (this) {
                waitOver = true;
                refusal = asking ? null : queued;
            }
            if (refusal != null) {
                answer(refusal);
            }
        }

        void closed() {
            answered.completeExceptionally(
                    new CancellationException("The rate limiters were closed while a call waited for a lease"));
        }

        private void answer(Decision decision) {
            if (!answered.isDone()) {
                counted.accept(decision);
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

        /** The caller has an answer, or wants none any more: the place in the queue is free. */
        private void gone() {
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
