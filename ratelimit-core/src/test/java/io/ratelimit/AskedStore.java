package io.ratelimit;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongConsumer;

/** A remote store that counts the questions, may be away, and may take its time for each answer. */
final class AskedStore implements RateLimitStore {

    final AtomicInteger questions = new AtomicInteger();
    volatile boolean away;

    /** What happens on the way to the store, and on the way back. */
    volatile Runnable way = () -> {};

    /** What an answer to an asynchronous question, or a give-back, waits for after the store decided. */
    volatile CompletableFuture<Void> held = CompletableFuture.completedFuture(null);

    private final RateLimitStore store;

    AskedStore(RateLimitStore store) {
        this.store = store;
    }

    @Override
    public String name() {
        return "asked";
    }

    @Override
    public Decision decide(List<Charge> charges, Duration maxWait) {
        questions.incrementAndGet();
        if (away) {
            throw new StoreUnavailableException("away", null);
        }
        way.run();
        Decision decision = store.decide(charges, maxWait);
        way.run();
        return decision;
    }

    @Override
    public CompletionStage<Decision> decideAsync(List<Charge> charges, Duration maxWait) {
        CompletableFuture<Void> until = held;
        try {
            Decision decision = decide(charges, maxWait);
            return until.thenApply(nothing -> decision);
        } catch (StoreUnavailableException ex) {
            return until.thenCompose(nothing -> CompletableFuture.failedFuture(ex));
        }
    }

    @Override
    public CompletionStage<Void> refund(Decision taken, List<Charge> unused) {
        CompletableFuture<Void> until = held;
        return store.refund(taken, unused).thenCompose(nothing -> until);
    }

    @Override
    public CompletionStage<Void> debit(Decision taken, List<Charge> more) {
        return store.debit(taken, more);
    }

    @Override
    public CompletionStage<List<LeaseState>> renew(List<Decision> decisions) {
        return store.renew(decisions);
    }

    @Override
    public void onLeaseReady(LongConsumer listener) {
        store.onLeaseReady(listener);
    }

    @Override
    public void reset(Limit limit, String key) {
        store.reset(limit, key);
    }

    @Override
    public void close() {
        store.close();
    }
}
