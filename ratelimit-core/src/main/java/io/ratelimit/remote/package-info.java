/** What surrounds every remote store: fallback, circuit breaker, denial cache and prefetch. */
@NullMarked
package io.ratelimit.remote;

import org.jspecify.annotations.NullMarked;
