/**
 * Rates and the algorithms that count them: functions from the state of a key and the time to an answer and the next
 * state.
 */
@NullMarked
package io.ratelimit.algorithm;

import org.jspecify.annotations.NullMarked;
