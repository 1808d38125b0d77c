package io.ratelimit.test;

import io.ratelimit.InMemoryRateLimitStore;
import io.ratelimit.RateLimitStore;

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
