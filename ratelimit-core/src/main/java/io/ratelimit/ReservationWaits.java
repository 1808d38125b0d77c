package io.ratelimit;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Makes callers wait until the time that their reservation was granted for: threads park, futures are completed by a
 * timer.
 *
 * <p>A reservation is refunded if its caller is interrupted or cancelled first, wakes up too late (for instance after
 * the JVM was paused), or if the engine is closed.
 */
final class ReservationWaits {

    /**
     * The delay that is accepted for the scheduling of threads. A call that is later has waited longer than its maximum
     * wait.
     */
    private static final long LATE_NANOS = 500_000_000;

    private final PendingRefunds refunds;
    private final TimeoutScheduler scheduler;
    private final Set<WaitingCall> waitingCalls = ConcurrentHashMap.newKeySet();
    private final Set<CompletableFuture<Decision>> futures = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    ReservationWaits(PendingRefunds refunds, TimeoutScheduler scheduler) {
        this.refunds = refunds;
        this.scheduler = scheduler;
    }

    /**
     * Parks the calling thread until its reservation is granted.
     *
     * @return the decision, or the same decision as a rejection if the thread woke up too late
     * @throws CancellationException if the thread is interrupted (it stays interrupted), or this object is closed
     */
    Decision await(Decision decision, long calledNanos) {
        long grant = System.nanoTime() + decision.waitTime().toNanos();
        WaitingCall self = new WaitingCall(Thread.currentThread());
        waitingCalls.add(self);
        try {
            for (long left = grant - System.nanoTime(); left > 0; left = grant - System.nanoTime()) {
                if (closed || Thread.currentThread().isInterrupted()) {
                    refund(decision);
                    throw closed ? closing() : new CancellationException("Interrupted while waiting for tokens");
                }
                LockSupport.parkNanos(this, left);
            }
        } finally {
            waitingCalls.remove(self);
        }
        if (isLate(decision, calledNanos)) {
            refund(decision);
            return decision.rejected();
        }
        return decision;
    }

    /**
     * Waits without blocking. Cancelling the result refunds the tokens.
     *
     * @param decided the decision of the store
     * @param calledNanos when the call came in, by {@link System#nanoTime}
     * @param beforeAnswer gets the decision just before the result is completed with it
     * @return the decision, after its reservation is granted if it is one
     */
    CompletableFuture<Decision> await(
            CompletionStage<Decision> decided, long calledNanos, Consumer<Decision> beforeAnswer) {
        CompletableFuture<Decision> answered = new CompletableFuture<>();
        decided.whenComplete((decision, failure) -> {
            if (failure != null) {
                answered.completeExceptionally(
                        failure instanceof CompletionException && failure.getCause() != null
                                ? failure.getCause()
                                : failure);
                return;
            }
            answered.whenComplete((answer, cancelled) -> {
                if (answer != decision && decision.admitted()) {
                    refund(decision);
                }
            });
            if (decision.isReserved()) {
                scheduleGrant(decision, calledNanos, answered, beforeAnswer);
            } else {
                answer(answered, decision, beforeAnswer);
            }
        });
        return answered;
    }

    private void scheduleGrant(
            Decision decision,
            long calledNanos,
            CompletableFuture<Decision> answered,
            Consumer<Decision> beforeAnswer) {
        futures.add(answered);
        Runnable grant =
                () -> answer(answered, isLate(decision, calledNanos) ? decision.rejected() : decision, beforeAnswer);
        Future<?> timeout = scheduler.schedule(decision.waitTime().toNanos(), grant);
        answered.whenComplete((answer, cancelled) -> {
            futures.remove(answered);
            timeout.cancel(false);
        });
        if (closed) {
            answered.completeExceptionally(closing());
        }
    }

    private static void answer(
            CompletableFuture<Decision> answered, Decision decision, Consumer<Decision> beforeAnswer) {
        if (!answered.isDone()) {
            beforeAnswer.accept(decision);
            answered.complete(decision);
        }
    }

    /**
     * Ends all waits. Returns when every parked thread has started its refund, but not after the deadline.
     *
     * @param deadline an instant of {@link System#nanoTime}
     */
    void close(long deadline) {
        closed = true;
        waitingCalls.forEach(waiter -> LockSupport.unpark(waiter.thread));
        futures.forEach(future -> future.completeExceptionally(closing()));
        while (!waitingCalls.isEmpty() && System.nanoTime() < deadline) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
        }
    }

    private static boolean isLate(Decision decision, long calledNanos) {
        return isLate(Duration.ofNanos(System.nanoTime() - calledNanos), decision.maxWait());
    }

    /** Returns whether a call waited noticeably longer than its max-wait. */
    static boolean isLate(Duration waited, Duration maxWait) {
        return waited.minus(maxWait).toNanos() > LATE_NANOS;
    }

    private void refund(Decision decision) {
        refunds.refund(decision, decision.charges());
    }

    private static CancellationException closing() {
        return new CancellationException("The registry was closed while a call waited for tokens");
    }

    /** A parked thread. Compared by identity, because one thread can have several waits after another. */
    private static final class WaitingCall {

        final Thread thread;

        WaitingCall(Thread thread) {
            this.thread = thread;
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return this == other;
        }

        /** Returns the hash of the thread, which often exists: making one for an object takes longer than adding it. */
        @Override
        public int hashCode() {
            return System.identityHashCode(thread);
        }
    }
}
