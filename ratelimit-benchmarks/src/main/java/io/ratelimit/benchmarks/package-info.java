/** What a decision costs, beside other limiters and beside the least that any of them could cost. */
@NullMarked
package io.ratelimit.benchmarks;

import org.jspecify.annotations.NullMarked;
