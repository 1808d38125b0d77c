package io.ratelimit.autoconfigure;

import io.ratelimit.Limit;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.memory.InMemoryRateLimitStore;
import org.springframework.boot.autoconfigure.preinitialize.BackgroundPreinitializer;

/**
 * Makes a decision while the application starts, so that its first call does not wait for the classes of a decision.
 *
 * <p>Spring Boot runs this on a thread of its own if the machine has more than one processor, unless the system
 * property {@code spring.backgroundpreinitializer.ignore} is true. The decision is made by a registry of its own, which
 * is thrown away.
 */
final class DecisionPreinitializer implements BackgroundPreinitializer {

    @Override
    public void preinitialize() {
        try (RateLimiterRegistry registry = InMemoryRateLimitStore.newRegistry()) {
            registry.define(Limit.of("preinitialize", "1/s")).tryAcquire("key");
        }
    }
}
