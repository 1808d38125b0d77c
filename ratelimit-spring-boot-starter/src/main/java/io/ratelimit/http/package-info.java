/** HTTP responses for rejected calls, in Spring MVC and WebFlux. */
@NullMarked
package io.ratelimit.http;

import org.jspecify.annotations.NullMarked;
