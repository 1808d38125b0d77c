/** Expressions in the Spring Expression Language that compute a value for each call. They are checked at start-up. */
@NullMarked
package io.ratelimit.expression;

import org.jspecify.annotations.NullMarked;
