package io.ratelimit.test;

import io.ratelimit.DenialCachingStore;
import io.ratelimit.InMemoryRateLimitStore;
import io.ratelimit.RateLimitStore;
import org.junit.jupiter.api.Tag;

/** A store whose refusals are remembered answers like the store alone. */
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

    /** Fewer: the store itself is compared at length elsewhere. */
    @Override
    protected int randomDecisions() {
        return super.randomDecisions() / 4;
    }
}
