/** Micrometer meters of limits and stores. */
@NullMarked
package io.ratelimit.metrics;

import org.jspecify.annotations.NullMarked;
