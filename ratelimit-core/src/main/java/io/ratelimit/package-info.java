/**
 * Limits by name, limiters and decisions, and the interface of the stores that decide.
 *
 * <p>A {@link io.ratelimit.RateLimiter} makes a {@link io.ratelimit.Charge} of a limit, a key and a cost, a
 * {@link io.ratelimit.RateLimitStore} decides it, and a {@link io.ratelimit.Decision} comes back.
 */
@NullMarked
package io.ratelimit;

import org.jspecify.annotations.NullMarked;
