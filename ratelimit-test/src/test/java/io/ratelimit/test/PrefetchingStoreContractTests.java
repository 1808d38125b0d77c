package io.ratelimit.test;

import io.ratelimit.MemoryStore;
import io.ratelimit.PrefetchingStore;
import io.ratelimit.RateLimitStore;
import org.junit.jupiter.api.Tag;

/** Limits that take nothing ahead are decided by the store behind. */
@Tag("slow")
class PrefetchingStoreContractTests extends RateLimitStoreContract {

    @Override
    protected RateLimitStore createStore(VirtualClock clock) {
        return new PrefetchingStore(MemoryStore.create(clock, MemoryStore.DEFAULT_MAX_KEYS), clock);
    }

    @Override
    protected RateLimitStore createRealTimeStore() {
        return new PrefetchingStore(MemoryStore.create());
    }

    /** Fewer: the store itself is compared at length elsewhere. */
    @Override
    protected int randomDecisions() {
        return super.randomDecisions() / 4;
    }
}
