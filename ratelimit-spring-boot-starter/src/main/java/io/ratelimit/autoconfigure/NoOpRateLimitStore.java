package io.ratelimit.autoconfigure;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.DecisionSource;
import io.ratelimit.Limit;
import io.ratelimit.RateLimitStore;
import io.ratelimit.algorithm.LeaseState;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.LongConsumer;

/** A store that admits every call without counting. It is used while rate limiting is switched off. */
final class NoOpRateLimitStore implements RateLimitStore {

    @Override
    public String name() {
        return "disabled";
    }

    @Override
    public boolean isRemote() {
        return false;
    }

    @Override
    public Decision decide(List<Charge> charges, Duration maxWait) {
        return Decision.withoutStore(charges, true, DecisionSource.DISABLED);
    }

    @Override
    public CompletionStage<Decision> decideAsync(List<Charge> charges, Duration maxWait) {
        return CompletableFuture.completedFuture(decide(charges, maxWait));
    }

    @Override
    public CompletionStage<Void> refund(Decision taken, List<Charge> unused) {
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletionStage<Void> debit(Decision taken, List<Charge> more) {
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletionStage<List<LeaseState>> renew(List<Decision> decisions) {
        return CompletableFuture.completedFuture(
                decisions.stream().map(decision -> LeaseState.HELD).toList());
    }

    @Override
    public void onLeaseReady(LongConsumer listener) {}

    @Override
    public void reset(Limit limit, String key) {}

    @Override
    public void close() {}
}
