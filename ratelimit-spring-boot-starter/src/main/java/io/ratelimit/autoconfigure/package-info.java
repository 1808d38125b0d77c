/** Core auto-configuration: limits, defaults and the store in memory. It knows no feature; features depend on it. */
@NullMarked
package io.ratelimit.autoconfigure;

import org.jspecify.annotations.NullMarked;
