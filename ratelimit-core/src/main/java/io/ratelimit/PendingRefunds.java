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

/** What is on its way back to the store. What fails stays taken, which refuses, and never admits. */
final class PendingRefunds {

    private final RateLimitStore store;
    private final Set<CompletableFuture<Void>> underWay = ConcurrentHashMap.newKeySet();

    PendingRefunds(RateLimitStore store) {
        this.store = store;
    }

    /** Gives charges of a decision back. */
    CompletionStage<Void> refund(Decision decision, List<Charge> charges) {
        CompletableFuture<Void> done = asked(decision, charges);
        underWay.add(done);
        done.whenComplete((nothing, failure) -> underWay.remove(done));
        return done;
    }

    /** Waits until everything is back, at most until a deadline of {@link System#nanoTime}. */
    void await(long deadline) {
        try {
            CompletableFuture.allOf(underWay.toArray(CompletableFuture[]::new))
                    .get(Math.max(1, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException ex) {
            return;
        }
    }

    private CompletableFuture<Void> asked(Decision decision, List<Charge> charges) {
        try {
            return store.refund(decision, charges).toCompletableFuture();
        } catch (RuntimeException ex) {
            return CompletableFuture.failedFuture(new CompletionException(ex));
        }
    }
}
