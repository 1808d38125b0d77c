package io.ratelimit.actuate;

import io.ratelimit.Decision;
import io.ratelimit.RateLimiter;
import io.ratelimit.RateStatus;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/**
 * The level of one key's bucket as the endpoint shows it.
 *
 * @param source who was read: {@code store}, or {@code local} for this node's memory while the store fails; {@code policy}
 *     and {@code disabled} count nothing, and so have no rates to show
 * @param rates the level of each rate
 */
record KeyStatus(String source, List<RateLevelStatus> rates) {

    static KeyStatus of(RateLimiter limiter, String key) {
        Decision decision = limiter.peek(key);
        return new KeyStatus(
                decision.source().name().toLowerCase(Locale.ROOT),
                decision.statuses().stream().map(RateLevelStatus::of).toList());
    }

    /**
     * The level of one rate.
     *
     * @param rate such as {@code 10/s} or {@code 2 at once}
     * @param remaining tokens left, rounded down to a thousandth
     * @param resetAfter when the bucket is full again if nobody calls; of calls at once, when their leases run out
     */
    record RateLevelStatus(String rate, double remaining, Duration resetAfter) {

        private static RateLevelStatus of(RateStatus status) {
            return new RateLevelStatus(status.text(), status.remaining(), status.resetAfter());
        }
    }
}
