/** The actuator endpoint that shows limits and the levels of their buckets. */
@NullMarked
package io.ratelimit.actuate;

import org.jspecify.annotations.NullMarked;
