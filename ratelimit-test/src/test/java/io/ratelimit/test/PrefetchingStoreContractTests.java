package io.ratelimit.test;

import io.ratelimit.InMemoryRateLimitStore;
import io.ratelimit.PrefetchingStore;
import io.ratelimit.RateLimitStore;
import org.junit.jupiter.api.Tag;

/** Limits that take nothing ahead are decided by the store behind. */
@Tag("slow")
class PrefetchingStoreContractTests extends RateLimitStoreContract {

    @Override
    protected RateLimitStore createStore(VirtualClock clock) {
        return new PrefetchingStore(
                InMemoryRateLimitStore.create(clock, InMemoryRateLimitStore.DEFAULT_MAX_KEYS), clock);
    }

    @Override
    protected RateLimitStore createRealTimeStore() {
        return new PrefetchingStore(InMemoryRateLimitStore.create());
    }

    /** Fewer: the store itself is compared at length elsewhere. */
    @Override
    protected int randomDecisions() {
        return super.randomDecisions() / 4;
    }
}
