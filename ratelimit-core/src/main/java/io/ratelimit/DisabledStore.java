package io.ratelimit;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Admits everything and counts nothing: what takes a store's place while rate limiting is switched off. */
public final class DisabledStore implements RateLimitStore {

    /** Creates the store. */
    public DisabledStore() {}

    @Override
    public String name() {
        return "disabled";
    }

    @Override
    public Decision decide(List<Charge> charges) {
        return Decision.unasked(charges, true, Source.DISABLED);
    }

    @Override
    public CompletionStage<Decision> decideAsync(List<Charge> charges) {
        return CompletableFuture.completedFuture(decide(charges));
    }

    @Override
    public void forget(Limit limit, String key) {}

    @Override
    public void close() {}
}
