/** Core auto-configuration: limits, defaults and the store in memory. It does not depend on any feature. */
@NullMarked
package io.ratelimit.autoconfigure;

import org.jspecify.annotations.NullMarked;
