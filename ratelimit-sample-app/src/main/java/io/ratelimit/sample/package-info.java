/** A small catalogue service with rate limits on its searches, reports, quotes, logins, completions and exports. */
@NullMarked
package io.ratelimit.sample;

import org.jspecify.annotations.NullMarked;
