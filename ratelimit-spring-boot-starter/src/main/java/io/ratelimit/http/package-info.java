/** Refused calls as HTTP responses, for Spring MVC and WebFlux alike. */
@NullMarked
package io.ratelimit.http;

import org.jspecify.annotations.NullMarked;
