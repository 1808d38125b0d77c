/** A small catalogue service whose search, reports and quotes are rate limited. */
@NullMarked
package io.ratelimit.sample;

import org.jspecify.annotations.NullMarked;
