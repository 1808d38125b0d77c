/** The contract that every rate limit store is held to, and the controllable clock that it runs on. */
@NullMarked
package io.ratelimit.test;

import org.jspecify.annotations.NullMarked;
