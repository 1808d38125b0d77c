/**
 * Rate limits by name: what a user holds, what a store author implements, the token bucket, and the in-memory store.
 *
 * <p>A call flows one way: {@link io.ratelimit.RateLimiter} turns a name, a key and a cost into a
 * {@link io.ratelimit.Charge}, a {@link io.ratelimit.RateLimitStore} decides it, and a {@link io.ratelimit.Decision}
 * comes back.
 */
@NullMarked
package io.ratelimit;

import org.jspecify.annotations.NullMarked;
