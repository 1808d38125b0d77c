/** The store that keeps buckets in this JVM's memory, and registries without Spring that use it. */
@NullMarked
package io.ratelimit.memory;

import org.jspecify.annotations.NullMarked;
