package io.ratelimit.autoconfigure;

import io.ratelimit.RateLimitStore;

/** What another auto-configuration puts around a remote store, inside of what answers in its place. */
@FunctionalInterface
interface RateLimitStoreCustomizer {

    RateLimitStore customize(RateLimitStore remote);
}
