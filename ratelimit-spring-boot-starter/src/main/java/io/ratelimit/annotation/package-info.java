/** What a user writes on a method or class to limit its calls. */
@NullMarked
package io.ratelimit.annotation;

import org.jspecify.annotations.NullMarked;
