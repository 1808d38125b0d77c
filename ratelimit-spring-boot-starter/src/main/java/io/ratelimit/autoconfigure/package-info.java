/** What wires the library into a Spring Boot application, and explains its failures to start. */
@NullMarked
package io.ratelimit.autoconfigure;

import org.jspecify.annotations.NullMarked;
