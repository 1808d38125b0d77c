/** Expressions in the Spring Expression Language that give a value for each call: checked at start-up, then compiled. */
@NullMarked
package io.ratelimit.expression;

import org.jspecify.annotations.NullMarked;
