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
        if (limiter != null) {
            try {
                return limiter.limit();
            } catch (UnknownLimitException ex) {
                // It was removed, and may be defined again.
                known = null;
            }
        }
        return lookUp(registry);
    }

    private Limit lookUp(RateLimiterRegistry registry) {
        RateLimiter limiter = registry.get(name);
        Limit current = limiter.limit();
        known = limiter;
        return current;
    }
}
