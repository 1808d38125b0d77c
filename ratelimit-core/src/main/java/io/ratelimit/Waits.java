package io.ratelimit;

import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The calls that wait for the instant that a reservation promised them. A thread parks; a future is completed by one timer.
 *
 * <p>Who is interrupted or cancelled before that instant gives the tokens back; so does who comes too late, because the JVM
 * or its machine stood still, and everybody when the registry is closed.
 */
final class Waits implements AutoCloseable {

    /** How late a thread may be scheduled after the longest wait: more is no longer what the caller agreed to. */
    private static final long LATE_NANOS = 500_000_000;

    private static final long LAST_WAIT_MILLIS = 1_000;

    private final RateLimitStore store;
    private final Set<Parked> parked = ConcurrentHashMap.newKeySet();
    private final Set<CompletableFuture<Decision>> futures = ConcurrentHashMap.newKeySet();
    private final Set<CompletableFuture<Void>> returns = ConcurrentHashMap.newKeySet();
    private @Nullable ScheduledThreadPoolExecutor timer;
    private volatile boolean closed;

    Waits(RateLimitStore store) {
        this.store = store;
    }

    /** Parks until the grant; the answer is a refusal if it comes too late. Interrupts stay set. */
    Decision await(Decision decision, long calledNanos) {
        long grant = System.nanoTime() + decision.grantedAfter().toNanos();
        Parked self = new Parked(Thread.currentThread());
        parked.add(self);
        try {
            for (long left = grant - System.nanoTime(); left > 0; left = grant - System.nanoTime()) {
                if (closed || Thread.currentThread().isInterrupted()) {
                    giveBack(decision);
                    throw closed ? closing() : new CancellationException("Interrupted while waiting for tokens");
                }
                LockSupport.parkNanos(this, left);
            }
        } finally {
            parked.remove(self);
        }
        if (isLate(decision, calledNanos)) {
            giveBack(decision);
            return decision.refused();
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
                    giveBack(decision);
                }
            });
            if (isPromised(decision)) {
                promise(decision, calledNanos, answered, counted);
            } else {
                answer(answered, decision, counted);
            }
        });
        return answered;
    }

    /** Whether an admitted call has to wait. */
    static boolean isPromised(Decision decision) {
        return decision.admitted()
                && !decision.maxWait().isZero()
                && !decision.grantedAfter().isZero();
    }

    private void promise(
            Decision decision, long calledNanos, CompletableFuture<Decision> answered, Consumer<Decision> counted) {
        futures.add(answered);
        Runnable grant = () -> answer(answered, isLate(decision, calledNanos) ? decision.refused() : decision, counted);
        Future<?> alarm = schedule(
                () -> ForkJoinPool.commonPool().execute(grant),
                decision.grantedAfter().toNanos());
        answered.whenComplete((answer, cancelled) -> {
            futures.remove(answered);
            alarm.cancel(false);
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

    /** Ends all waits and waits a second for their tokens to be given back. */
    @Override
    public void close() {
        closed = true;
        parked.forEach(waiter -> LockSupport.unpark(waiter.thread));
        futures.forEach(future -> future.completeExceptionally(closing()));
        synchronized (this) {
            if (timer != null) {
                timer.shutdownNow();
            }
        }
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(LAST_WAIT_MILLIS);
        while (!parked.isEmpty() && System.nanoTime() < deadline) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
        }
        try {
            CompletableFuture.allOf(returns.toArray(CompletableFuture[]::new))
                    .get(Math.max(1, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException ex) {
            // What could not be given back stays taken, which refuses, and never admits.
            return;
        }
    }

    private static boolean isLate(Decision decision, long calledNanos) {
        return System.nanoTime() - calledNanos - decision.maxWait().toNanos() > LATE_NANOS;
    }

    private void giveBack(Decision decision) {
        CompletableFuture<Void> done = returned(decision);
        returns.add(done);
        done.whenComplete((nothing, failure) -> returns.remove(done));
    }

    private CompletableFuture<Void> returned(Decision decision) {
        try {
            CompletionStage<Void> stage = store.giveBack(decision, decision.charges());
            return stage.toCompletableFuture();
        } catch (RuntimeException ex) {
            return CompletableFuture.failedFuture(new CompletionException(ex));
        }
    }

    private synchronized Future<?> schedule(Runnable alarm, long nanos) {
        if (closed) {
            return CompletableFuture.completedFuture(null);
        }
        ScheduledThreadPoolExecutor running = timer;
        if (running == null) {
            running = new ScheduledThreadPoolExecutor(1, task -> {
                Thread thread = new Thread(task, "ratelimit-timer");
                thread.setDaemon(true);
                return thread;
            });
            running.setRemoveOnCancelPolicy(true);
            timer = running;
        }
        return running.schedule(alarm, nanos, TimeUnit.NANOSECONDS);
    }

    private static CancellationException closing() {
        return new CancellationException("The rate limiters were closed while a call waited for tokens");
    }

    /** One waiting thread, once for each wait. */
    private static final class Parked {

        final Thread thread;

        Parked(Thread thread) {
            this.thread = thread;
        }
    }
}
