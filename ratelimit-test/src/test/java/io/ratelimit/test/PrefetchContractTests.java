package io.ratelimit.test;

import io.ratelimit.RateLimitStore;
import io.ratelimit.memory.InMemoryRateLimitStore;
import io.ratelimit.remote.RemoteRateLimitStore;
import org.junit.jupiter.api.Tag;

/** Calls of limits without a prefetch are forwarded to the store. */
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

    /** Fewer, because InMemoryRateLimitStoreContractTests compares the store itself at length. */
    @Override
    protected int randomDecisions() {
        return super.randomDecisions() / 4;
    }
}
