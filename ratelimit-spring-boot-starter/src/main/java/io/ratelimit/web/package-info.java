/** Refused calls as HTTP responses, for Spring MVC and WebFlux alike. */
@NullMarked
package io.ratelimit.web;

import org.jspecify.annotations.NullMarked;
