package io.ratelimit.actuate;

import io.ratelimit.RateLimiterRegistry;
import org.springframework.boot.health.contributor.AbstractHealthIndicator;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.Status;

/**
 * Indicates the health of the store: {@code UP}, or {@code UNKNOWN} with the reason while the store, or a node of it,
 * cannot be asked and limits answer by their own policies. It is never {@code DOWN}, so that a failing store does not
 * take the application out of service.
 */
final class RateLimitHealthIndicator extends AbstractHealthIndicator {

    private final RateLimiterRegistry registry;

    /**
     * Creates an indicator.
     *
     * @param registry the registry, whose store is asked each time; that consumes nothing
     */
    RateLimitHealthIndicator(RateLimiterRegistry registry) {
        super("The health of the rate limits could not be told");
        this.registry = registry;
    }

    @Override
    protected void doHealthCheck(Health.Builder health) {
        StoreDescription store = StoreDescription.of(registry);
        boolean away = store.state().equals("down");
        health.status(away ? Status.UNKNOWN : Status.UP)
                .withDetail("store", store.name())
                .withDetail("state", store.state());
        if (away) {
            health.withDetail(
                    "reason", StoreDescription.outage(registry.store()).orElse("the store cannot be asked"));
        }
    }
}
