package io.ratelimit.actuate;

import io.ratelimit.Charge;
import io.ratelimit.DecisionSource;
import io.ratelimit.Limit;
import io.ratelimit.RateLimitStore;
import io.ratelimit.RateLimiter;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.StoreUnavailableException;
import io.ratelimit.remote.RemoteRateLimitStore;
import java.util.Optional;

/**
 * A store as the endpoint shows it.
 *
 * @param name such as {@code redis}
 * @param state {@code up} if it answers, {@code down} while it, or a part of it, cannot be asked, {@code disabled} if
 *     rate limiting is switched off
 */
record StoreDescription(String name, String state) {

    private static final Limit ANY = Limit.of("default", "1/s");

    static StoreDescription of(RateLimiterRegistry registry) {
        return new StoreDescription(registry.store().name(), state(registry));
    }

    /** Returns why the store, or one of its shards, does not answer; empty if it does. */
    static Optional<String> outage(RateLimitStore store) {
        return store instanceof RemoteRateLimitStore remote ? remote.outage() : Optional.empty();
    }

    /** Reads a bucket, which consumes nothing, and returns the state by the source of the decision. */
    private static String state(RateLimiterRegistry registry) {
        Limit limit =
                registry.all().stream().map(RateLimiter::limit).findFirst().orElse(ANY);
        try {
            DecisionSource source =
                    registry.store().decide(new Charge(limit, Charge.SHARED, 0)).source();
            return switch (source) {
                case STORE -> outage(registry.store()).isPresent() ? "down" : "up";
                case LOCAL, POLICY -> "down";
                case DISABLED -> "disabled";
            };
        } catch (StoreUnavailableException ex) {
            return "down";
        }
    }
}
