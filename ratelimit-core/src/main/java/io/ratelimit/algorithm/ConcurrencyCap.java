package io.ratelimit.algorithm;

import java.time.Duration;

/**
 * A number of calls that may run at the same time, and how long each of them is counted without a renewal of its lease.
 *
 * <p>{@code new ConcurrencyCap(2, Duration.ofSeconds(30))} admits two calls at once. A call that does not renew its
 * lease, because its node died, is counted for another 30 seconds.
 *
 * @param max how many tokens are held at once, 1 or more
 * @param leaseTime the time after which a lease expires if it is not renewed: 100 ms to 10,000 days, in whole
 *     milliseconds
 */
public record ConcurrencyCap(int max, Duration leaseTime) {

    private static final Duration SHORTEST = Duration.ofMillis(100);
    private static final Duration LONGEST = Duration.ofDays(10_000);
    private static final int NANOS_PER_MILLI = 1_000_000;

    /**
     * Checks both parts.
     *
     * @throws InvalidLimitException if {@code max} is not positive, or the lease time is too short, too long or too
     *     fine
     */
    public ConcurrencyCap {
        if (max < 1) {
            throw new InvalidLimitException("max-concurrent", max, "not positive", "use 1 or more");
        }
        if (leaseTime.compareTo(SHORTEST) < 0
                || leaseTime.compareTo(LONGEST) > 0
                || leaseTime.getNano() % NANOS_PER_MILLI != 0) {
            throw new InvalidLimitException(
                    "lease-time",
                    leaseTime,
                    "a lease lasts 100ms to 10000d, in whole milliseconds",
                    "use for example 30s");
        }
    }

    /** The cap for people: {@code 2 at once}. */
    @Override
    public String toString() {
        return max + " at once";
    }
}
