package io.ratelimit;

import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Tracks refunds that a store has not confirmed yet, so that a closing owner can wait for them. For stores that consume
 * or prefetch tokens on behalf of their callers. Thread-safe.
 *
 * <p>A refund that fails is not retried: the tokens stay consumed, so that later calls are rejected rather than
 * admitted beyond the limit.
 */
public final class PendingRefunds {

    private final RateLimitStore store;
    private final Set<CompletableFuture<Void>> pending = ConcurrentHashMap.newKeySet();

    /**
     * Creates a tracker without pending refunds.
     *
     * @param store the store to refund to
     */
    public PendingRefunds(RateLimitStore store) {
        this.store = store;
    }

    /**
     * Refunds charges of a decision.
     *
     * @param decision an admitted or queued decision of the store
     * @param charges charges of the decision, with the costs to refund
     * @return completes when they are refunded, or with the failure of the store; this method itself never throws it
     */
    public CompletionStage<Void> refund(Decision decision, List<Charge> charges) {
        CompletableFuture<Void> done = send(decision, charges);
        if (!done.isDone()) {
            pending.add(done);
            done.whenComplete((nothing, failure) -> pending.remove(done));
        }
        return done;
    }

    /**
     * Blocks until all pending refunds have succeeded, one of them has failed, the deadline has passed, or the thread
     * is interrupted; the thread then stays interrupted.
     *
     * @param deadlineNanos an instant of {@link System#nanoTime}
     */
    public void await(long deadlineNanos) {
        try {
            CompletableFuture.allOf(pending.toArray(CompletableFuture[]::new))
                    .get(Math.max(1, deadlineNanos - System.nanoTime()), TimeUnit.NANOSECONDS);
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException ex) {
            return;
        }
    }

    private CompletableFuture<Void> send(Decision decision, List<Charge> charges) {
        try {
            return store.refund(decision, charges).toCompletableFuture();
        } catch (RuntimeException ex) {
            return CompletableFuture.failedFuture(new CompletionException(ex));
        }
    }
}
