/** The store on Redis: buckets that many nodes share, decided by one script on the server. */
@NullMarked
package io.ratelimit.redis;

import org.jspecify.annotations.NullMarked;
