/** What limits and stores do, as Micrometer meters. */
@NullMarked
package io.ratelimit.metrics;

import org.jspecify.annotations.NullMarked;
