/** The fallback, circuit breaker, denial cache and prefetch that surround every remote store. */
@NullMarked
package io.ratelimit.remote;

import org.jspecify.annotations.NullMarked;
