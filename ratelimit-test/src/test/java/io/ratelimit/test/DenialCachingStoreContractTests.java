package io.ratelimit.test;

import io.ratelimit.DenialCachingStore;
import io.ratelimit.InMemoryRateLimitStore;
import io.ratelimit.RateLimitStore;
import org.junit.jupiter.api.Tag;

/** A store with a denial cache makes the same decisions as the store alone. */
@Tag("slow")
class DenialCachingStoreContractTests extends RateLimitStoreContract {

    @Override
    protected RateLimitStore createStore(VirtualClock clock) {
        return new DenialCachingStore(InMemoryRateLimitStore.create(clock, 1_000_000), clock);
    }

    @Override
    protected RateLimitStore createRealTimeStore() {
        return new DenialCachingStore(InMemoryRateLimitStore.create());
    }

    @Override
    protected boolean cachesDenials() {
        return true;
    }

    /** Fewer, because InMemoryRateLimitStoreContractTests compares the store itself at length. */
    @Override
    protected int randomDecisions() {
        return super.randomDecisions() / 4;
    }
}
