package io.ratelimit;

import io.ratelimit.algorithm.LeaseState;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;

/** A remote store that counts its decisions, fails while it is told to, and can be slow. */
public final class UnreliableStore extends ForwardingRateLimitStore {

    /** The number of decisions that were asked for, those that failed included. */
    public final AtomicInteger decisions = new AtomicInteger();

    /** Fails decisions, refunds, debits and renewals while it is not null. */
    public volatile RuntimeException failure;

    /** Runs on the way of each decision to the store and back. */
    public volatile Runnable transit = () -> {};

    /** Delays asynchronous decisions and refunds, after the store made them, until it completes. */
    public volatile CompletableFuture<Void> reply = CompletableFuture.completedFuture(null);

    public UnreliableStore(RateLimitStore delegate) {
        super(delegate);
    }

    /** A store that is unavailable until its {@link #failure} is set to null. */
    public static UnreliableStore unavailable(RateLimitStore delegate) {
        UnreliableStore store = new UnreliableStore(delegate);
        store.failure = new StoreUnavailableException("down", null);
        return store;
    }

    @Override
    public Decision decide(List<Charge> charges, Duration maxWait) {
        decisions.incrementAndGet();
        RuntimeException now = failure;
        if (now != null) {
            throw now;
        }
        transit.run();
        Decision decision = super.decide(charges, maxWait);
        transit.run();
        return decision;
    }

    @Override
    public CompletionStage<Decision> decideAsync(List<Charge> charges, Duration maxWait) {
        CompletableFuture<Void> until = reply;
        try {
            Decision decision = decide(charges, maxWait);
            return until.thenApply(nothing -> decision);
        } catch (RuntimeException ex) {
            return until.thenCompose(nothing -> CompletableFuture.failedFuture(ex));
        }
    }

    @Override
    public CompletionStage<Void> refund(Decision taken, List<Charge> unused) {
        CompletableFuture<Void> until = reply;
        RuntimeException now = failure;
        return now != null
                ? CompletableFuture.failedFuture(now)
                : super.refund(taken, unused).thenCompose(nothing -> until);
    }

    @Override
    public CompletionStage<Void> debit(Decision taken, List<Charge> more) {
        RuntimeException now = failure;
        return now != null ? CompletableFuture.failedFuture(now) : super.debit(taken, more);
    }

    @Override
    public CompletionStage<List<LeaseState>> renew(List<Decision> decisions) {
        RuntimeException now = failure;
        return now != null ? CompletableFuture.failedFuture(now) : super.renew(decisions);
    }
}
