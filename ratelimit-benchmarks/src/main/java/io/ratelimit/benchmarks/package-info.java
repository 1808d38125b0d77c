/** Benchmarks of decisions, compared with other limiters and with floors: the least work that a limiter could do. */
@NullMarked
package io.ratelimit.benchmarks;

import org.jspecify.annotations.NullMarked;
