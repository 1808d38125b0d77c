package io.ratelimit;

import io.ratelimit.algorithm.Rate;
import java.time.Duration;
import java.util.Optional;

/**
 * The state of one rate, or of the cap on concurrent calls, at the time of a decision.
 *
 * <p>A call of 3 tokens on {@code 10/s} with one token left: not admitted, {@code remaining} 1.0, {@code retryAfter}
 * 200 ms, {@code resetAfter} 900 ms.
 *
 * @param limit the limit
 * @param rate the rate; empty for a cap on concurrent calls, which {@link Limit#concurrency()} has
 * @param admitted whether this rate had enough tokens, regardless of the other rates
 * @param remaining tokens left after the decision, rounded down to a thousandth
 * @param retryAfter the time until the same call would fit if nobody else called: zero if this rate had enough, empty
 *     if the cost is above the capacity, so that it never fits
 * @param resetAfter the time until the bucket is full again if nobody calls
 */
public record RateStatus(
        Limit limit,
        Optional<Rate> rate,
        boolean admitted,
        double remaining,
        Optional<Duration> retryAfter,
        Duration resetAfter) {

    /** {@return the rate or the cap for people: {@code 10/s}, {@code 2 at once}} */
    public String text() {
        return rate.map(Rate::toString).orElseGet(() -> limit.texts().get(0));
    }
}
