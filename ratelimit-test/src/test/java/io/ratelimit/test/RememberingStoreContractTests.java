package io.ratelimit.test;

import io.ratelimit.MemoryStore;
import io.ratelimit.RateLimitStore;
import io.ratelimit.RememberingStore;
import org.junit.jupiter.api.Tag;

/** A store whose refusals are remembered answers like the store alone. */
@Tag("slow")
class RememberingStoreContractTests extends RateLimitStoreContract {

    @Override
    protected RateLimitStore createStore(VirtualClock clock) {
        return new RememberingStore(MemoryStore.create(clock, 1_000_000), clock);
    }

    @Override
    protected RateLimitStore createRealTimeStore() {
        return new RememberingStore(MemoryStore.create());
    }

    @Override
    protected boolean remembersRefusals() {
        return true;
    }

    /** Fewer: the store itself is compared at length elsewhere. */
    @Override
    protected int randomDecisions() {
        return super.randomDecisions() / 4;
    }
}
