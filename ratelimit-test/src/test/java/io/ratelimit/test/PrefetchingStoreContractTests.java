package io.ratelimit.test;

import io.ratelimit.InMemoryRateLimitStore;
import io.ratelimit.PrefetchingStore;
import io.ratelimit.RateLimitStore;
import org.junit.jupiter.api.Tag;

/** Calls of limits without a prefetch are forwarded to the store. */
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

    /** Fewer, because InMemoryRateLimitStoreContractTests compares the store itself at length. */
    @Override
    protected int randomDecisions() {
        return super.randomDecisions() / 4;
    }
}
