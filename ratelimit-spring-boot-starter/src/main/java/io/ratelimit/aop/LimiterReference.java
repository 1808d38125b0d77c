package io.ratelimit.aop;

import io.ratelimit.Limit;
import io.ratelimit.RateLimiter;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.UnknownLimitException;
import org.jspecify.annotations.Nullable;

/** A reference to the limiter of a name, which is looked up again only if its limit was removed. */
final class LimiterReference {

    private final String name;
    private volatile @Nullable RateLimiter known;

    LimiterReference(String name) {
        this.name = name;
    }

    /**
     * Returns the limit as it is configured now.
     *
     * @param registry the same for every call
     * @throws UnknownLimitException if it is not defined
     */
    Limit limit(RateLimiterRegistry registry) {
        RateLimiter limiter = known;
        if (limiter == null || !limiter.isDefined()) {
            limiter = registry.get(name);
            known = limiter;
        }
        return limiter.limit();
    }
}
