package io.ratelimit.test;

import io.ratelimit.MemoryStore;
import io.ratelimit.PrefetchingStore;
import io.ratelimit.RateLimitStore;

/** Limits that take nothing ahead are decided by the store behind. */
class PrefetchingStoreContractTests extends RateLimitStoreContract {

    @Override
    protected RateLimitStore createStore(VirtualClock clock) {
        return new PrefetchingStore(MemoryStore.create(clock, MemoryStore.DEFAULT_MAX_KEYS), clock);
    }

    @Override
    protected RateLimitStore createRealTimeStore() {
        return new PrefetchingStore(MemoryStore.create());
    }
}
