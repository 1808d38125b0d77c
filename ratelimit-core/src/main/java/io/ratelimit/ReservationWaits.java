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

/**
 * The calls that wait for the instant that a reservation promised them. A thread parks; a future is completed by one timer.
 *
 * <p>Who is interrupted or cancelled before that instant gives the tokens back; so does who comes too late, because the JVM
 * or its machine stood still, and everybody when the registry is closed.
 */
final class ReservationWaits {

    /** How late a thread may be scheduled after the longest wait: more is no longer what the caller agreed to. */
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

    /** Parks until the grant; the answer is a refusal if it comes too late. Interrupts stay set. */
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
     * Completes with the answer, after the grant if it was reserved; cancelling it gives the tokens back.
     *
     * @param counted hears of the answer just before the caller does
     */
    CompletableFuture<Decision> await(CompletionStage<Decision> decided, long calledNanos, Consumer<Decision> counted) {
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
            if (isReserved(decision)) {
                scheduleGrant(decision, calledNanos, answered, counted);
            } else {
                answer(answered, decision, counted);
            }
        });
        return answered;
    }

    /** Whether an admitted call has to wait. */
    static boolean isReserved(Decision decision) {
        return decision.admitted()
                && !decision.maxWait().isZero()
                && !decision.waitTime().isZero();
    }

    private void scheduleGrant(
            Decision decision, long calledNanos, CompletableFuture<Decision> answered, Consumer<Decision> counted) {
        futures.add(answered);
        Runnable grant =
                () -> answer(answered, isLate(decision, calledNanos) ? decision.rejected() : decision, counted);
        Future<?> timeout = scheduler.schedule(decision.waitTime().toNanos(), grant);
        answered.whenComplete((answer, cancelled) -> {
            futures.remove(answered);
            timeout.cancel(false);
        });
        if (closed) {
            answered.completeExceptionally(closing());
        }
    }

    private static void answer(CompletableFuture<Decision> answered, Decision decision, Consumer<Decision> counted) {
        if (!answered.isDone()) {
            counted.accept(decision);
            answered.complete(decision);
        }
    }

    /** Ends all waits, whose tokens are then on their way back, or will be by the deadline, an instant of nanoTime. */
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

    /** Whether a wait took longer than what the caller agreed to. */
    static boolean isLate(Duration waited, Duration maxWait) {
        return waited.minus(maxWait).toNanos() > LATE_NANOS;
    }

    private void refund(Decision decision) {
        refunds.refund(decision, decision.charges());
    }

    private static CancellationException closing() {
        return new CancellationException("The rate limiters were closed while a call waited for tokens");
    }

    /** One waiting thread, once for each wait. */
    private static final class WaitingCall {

        final Thread thread;

        WaitingCall(Thread thread) {
            this.thread = thread;
        }
    }
}
