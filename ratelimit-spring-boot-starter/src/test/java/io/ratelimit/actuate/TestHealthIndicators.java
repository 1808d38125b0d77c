package io.ratelimit.actuate;

import io.ratelimit.RateLimiterRegistry;
import org.springframework.boot.health.contributor.HealthIndicator;

/** Creates health indicators for tests in other packages. */
public final class TestHealthIndicators {

    private TestHealthIndicators() {}

    public static HealthIndicator of(RateLimiterRegistry registry) {
        return new RateLimitHealthIndicator(registry);
    }
}
