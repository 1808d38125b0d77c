package io.ratelimit.test;

import io.ratelimit.RateLimitStore;
import io.ratelimit.memory.InMemoryRateLimitStore;

class InMemoryRateLimitStoreContractTests extends RateLimitStoreContract {

    @Override
    protected RateLimitStore createStore(VirtualClock clock) {
        return InMemoryRateLimitStore.create(clock, InMemoryRateLimitStore.DEFAULT_MAX_KEYS);
    }

    @Override
    protected RateLimitStore createRealTimeStore() {
        return InMemoryRateLimitStore.create();
    }
}
