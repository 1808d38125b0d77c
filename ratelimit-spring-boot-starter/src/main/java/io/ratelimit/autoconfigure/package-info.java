/** Configuration properties, and the beans that Spring Boot makes of them. */
@NullMarked
package io.ratelimit.autoconfigure;

import org.jspecify.annotations.NullMarked;
