package io.ratelimit;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.LongConsumer;

/** A remote store that does not answer until it is given one that does. */
final class AbsentStore implements RateLimitStore {

    private static final StoreUnavailableException AWAY = new StoreUnavailableException("away", null);

    volatile RateLimitStore answers;

    @Override
    public String name() {
        return "absent";
    }

    @Override
    public Decision decide(List<Charge> charges, Duration maxWait) {
        if (answers == null) {
            throw AWAY;
        }
        return answers.decide(charges, maxWait);
    }

    @Override
    public CompletionStage<Decision> decideAsync(List<Charge> charges, Duration maxWait) {
        return CompletableFuture.supplyAsync(() -> decide(charges, maxWait), Runnable::run);
    }

    @Override
    public CompletionStage<Void> refund(Decision taken, List<Charge> unused) {
        return CompletableFuture.failedFuture(AWAY);
    }

    @Override
    public CompletionStage<Void> debit(Decision taken, List<Charge> more) {
        return CompletableFuture.failedFuture(AWAY);
    }

    @Override
    public CompletionStage<List<LeaseState>> renew(List<Decision> decisions) {
        return CompletableFuture.failedFuture(AWAY);
    }

    @Override
    public void onLeaseReady(LongConsumer listener) {}

    @Override
    public void reset(Limit limit, String key) {}

    @Override
    public void close() {}
}
