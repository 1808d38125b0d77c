package io.ratelimit.test;

import io.ratelimit.InMemoryRateLimitStore;
import io.ratelimit.RateLimitStore;
import io.ratelimit.RemoteRateLimitStore;
import org.junit.jupiter.api.Tag;

/** Limits that take nothing ahead are decided by the store behind. */
@Tag("slow")
class PrefetchContractTests extends RateLimitStoreContract {

    @Override
    protected RateLimitStore createStore(VirtualClock clock) {
        return RemoteRateLimitStore.builder(
                        InMemoryRateLimitStore.create(clock, InMemoryRateLimitStore.DEFAULT_MAX_KEYS),
                        InMemoryRateLimitStore.create())
                .denialCache(false)
                .clock(clock)
                .build();
    }

    @Override
    protected RateLimitStore createRealTimeStore() {
        return RemoteRateLimitStore.builder(InMemoryRateLimitStore.create(), InMemoryRateLimitStore.create())
                .denialCache(false)
                .build();
    }

    /** Fewer: the store itself is compared at length elsewhere. */
    @Override
    protected int randomDecisions() {
        return super.randomDecisions() / 4;
    }
}
