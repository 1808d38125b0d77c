package io.ratelimit.test;

import io.ratelimit.MemoryStore;
import io.ratelimit.RateLimitStore;

class InMemoryRateLimitStoreContractTests extends RateLimitStoreContract {

    @Override
    protected RateLimitStore createStore(VirtualClock clock) {
        return MemoryStore.create(clock, MemoryStore.DEFAULT_MAX_KEYS);
    }

    @Override
    protected RateLimitStore createRealTimeStore() {
        return MemoryStore.create();
    }
}
