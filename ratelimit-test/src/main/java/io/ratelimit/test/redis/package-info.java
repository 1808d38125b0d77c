/** Real Redis servers, clusters and sentinels for tests, and a proxy that breaks the network before them. */
@NullMarked
package io.ratelimit.test.redis;

import org.jspecify.annotations.NullMarked;
