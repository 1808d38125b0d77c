package io.ratelimit;

import java.time.Duration;
import java.util.Optional;

/**
 * What a decision found of one rate.
 *
 * <p>A call of 3 tokens on {@code 10/s} with one token left: not admitted, {@code remaining} 1.0, {@code retryAfter}
 * 200 ms, {@code resetAfter} 900 ms.
 *
 * @param limit the limit
 * @param rate the rate
 * @param admitted whether this rate had enough, whatever the others said
 * @param remaining tokens left after the decision, rounded down to a thousandth
 * @param retryAfter when the same call would fit if nobody else called: zero if this rate had enough, empty if the cost
 *     is above the capacity, so that it never fits
 * @param resetAfter when the bucket is full again if nobody calls
 */
public record RateStatus(
        Limit limit,
        Rate rate,
        boolean admitted,
        double remaining,
        Optional<Duration> retryAfter,
        Duration resetAfter) {}
