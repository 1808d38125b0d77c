/** Annotation that limits the calls of a method or class, and its resolvers. */
@NullMarked
package io.ratelimit.annotation;

import org.jspecify.annotations.NullMarked;
