package io.ratelimit.actuate;

import io.ratelimit.Decision;
import io.ratelimit.RateLimiter;
import io.ratelimit.RateStatus;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/**
 * The status of the bucket of one key, as the endpoint shows it.
 *
 * @param source where the status was read: {@code store}, or {@code local} for this node's memory while the store
 *     fails; {@code policy} and {@code disabled} count nothing and have no rates to show
 * @param rates the status of each rate
 */
record KeyStatus(String source, List<RateLevelStatus> rates) {

    static KeyStatus of(RateLimiter limiter, String key) {
        Decision decision = limiter.peek(key);
        return new KeyStatus(
                decision.source().name().toLowerCase(Locale.ROOT),
                decision.statuses().stream().map(RateLevelStatus::of).toList());
    }

    /**
     * The status of one rate.
     *
     * @param rate such as {@code 10/s} or {@code 2 at once}
     * @param remaining tokens left, rounded down to a thousandth
     * @param resetAfter the time until the bucket is full if no call comes; for concurrent calls, until their leases
     *     expire
     */
    record RateLevelStatus(String rate, double remaining, Duration resetAfter) {

        private static RateLevelStatus of(RateStatus status) {
            return new RateLevelStatus(status.text(), status.remaining(), status.resetAfter());
        }
    }
}
