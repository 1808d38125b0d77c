/** Redis servers and clusters for tests: real ones, started and ended with the tests that need them. */
@NullMarked
package io.ratelimit.test.redis;

import org.jspecify.annotations.NullMarked;
