package io.ratelimit.test;

import io.ratelimit.RateLimitStore;
import java.time.Duration;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Creates the store that a contract tests, and returns its properties, as the methods of {@link RateLimitStoreContract}
 * of the same names do.
 */
record TestedStore(
        Function<VirtualClock, RateLimitStore> factory,
        Supplier<RateLimitStore> realTimeFactory,
        boolean ownsWallClock,
        boolean waitsForSeveralKeys,
        boolean cachesDenials,
        int randomDecisions,
        Duration timeout) {

    RateLimitStore createStore(VirtualClock clock) {
        return factory.apply(clock);
    }

    RateLimitStore createRealTimeStore() {
        return realTimeFactory.get();
    }
}
