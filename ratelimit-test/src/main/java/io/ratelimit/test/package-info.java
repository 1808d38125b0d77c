/** The contract of rate limit stores as tests, and the controllable clock on which they run. */
@NullMarked
package io.ratelimit.test;

import org.jspecify.annotations.NullMarked;
