package io.ratelimit.autoconfigure;

import io.ratelimit.RateLimitStore;

/** Decorates the remote store, inside of the fallback that answers while the remote store fails. */
@FunctionalInterface
public interface RateLimitStoreCustomizer {

    /**
     * Decorates the store.
     *
     * @param remote the remote store
     * @return the decorated store, or the same
     */
    RateLimitStore customize(RateLimitStore remote);
}
