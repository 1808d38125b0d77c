package io.ratelimit.test;

import io.ratelimit.RateLimitStore;
import io.ratelimit.memory.InMemoryRateLimitStore;
import io.ratelimit.remote.RemoteRateLimitStore;
import org.junit.jupiter.api.Tag;

/** A store with a denial cache makes the same decisions as the store alone. */
@Tag("slow")
class DenialCacheContractTests extends RateLimitStoreContract {

    @Override
    protected RateLimitStore createStore(VirtualClock clock) {
        return RemoteRateLimitStore.builder(
                        InMemoryRateLimitStore.create(clock, 1_000_000), InMemoryRateLimitStore.create())
                .prefetch(false)
                .clock(clock)
                .build();
    }

    @Override
    protected RateLimitStore createRealTimeStore() {
        return RemoteRateLimitStore.builder(InMemoryRateLimitStore.create(), InMemoryRateLimitStore.create())
                .prefetch(false)
                .build();
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
