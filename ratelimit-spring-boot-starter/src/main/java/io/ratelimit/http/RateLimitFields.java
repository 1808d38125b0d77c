package io.ratelimit.http;

import io.ratelimit.Decision;
import io.ratelimit.RateStatus;
import io.ratelimit.algorithm.ConcurrencyCap;
import io.ratelimit.algorithm.Rate;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A rate of a decision in the form of the HTTP fields {@code RateLimit-Policy} and {@code RateLimit}.
 *
 * <p>The fields only have whole requests and whole seconds, so {@code 10/100ms} is a quota of 100 in one second, and
 * {@code 0.5/s} a quota of one in two seconds. Remaining tokens are rounded down, times are rounded up.
 *
 * <p>A limit of concurrent calls has a quota, but neither a window nor a reset, because the end of a call is not known.
 *
 * @param policy the name of the limit; with several rates {@code report/1m}, which cannot be the name of a limit
 * @param quota requests in a window, one or more
 * @param window seconds, one or more; 0 for concurrent calls
 * @param remaining whole tokens left
 * @param reset seconds until there are enough tokens for this call, if this rate rejected it, or else until the bucket
 *     is full
 * @param violated whether this rate rejected the call
 */
record RateLimitFields(String policy, long quota, long window, long remaining, long reset, boolean violated) {

    private static final long NO_WINDOW = 0;
    private static final BigDecimal NANOS = BigDecimal.valueOf(1_000_000_000);

    /** Returns the quotas of a decision, the tightest of each policy: one limit may be charged with two keys. */
    static List<RateLimitFields> of(Decision decision) {
        Map<String, RateLimitFields> tightest = new LinkedHashMap<>();
        for (RateStatus status : decision.statuses()) {
            RateLimitFields quota = of(status);
            tightest.merge(quota.policy, quota, (one, other) -> other.isTighter(one) ? other : one);
        }
        return List.copyOf(tightest.values());
    }

    static List<String> violated(Collection<RateLimitFields> quotas) {
        return quotas.stream()
                .filter(RateLimitFields::violated)
                .map(RateLimitFields::policy)
                .toList();
    }

    static String policyField(Collection<RateLimitFields> quotas) {
        return quotas.stream()
                .map(quota -> '"' + quota.policy + "\";q=" + quota.quota
                        + (quota.isOfCallsAtOnce() ? ";qu=\"concurrent-requests\"" : ";w=" + quota.window))
                .collect(Collectors.joining(", "));
    }

    static String limitField(Collection<RateLimitFields> quotas) {
        return quotas.stream()
                .map(quota -> '"' + quota.policy + "\";r=" + quota.remaining
                        + (quota.isOfCallsAtOnce() ? "" : ";t=" + quota.reset))
                .collect(Collectors.joining(", "));
    }

    /** Converts a duration to whole seconds, rounded up. */
    static long seconds(Duration duration) {
        return duration.getNano() == 0 ? duration.getSeconds() : duration.getSeconds() + 1;
    }

    private boolean isOfCallsAtOnce() {
        return window == NO_WINDOW;
    }

    private static RateLimitFields of(RateStatus status) {
        ConcurrencyCap cap = status.limit().concurrency().orElse(null);
        return cap != null
                ? of(status, cap.max(), NO_WINDOW)
                : of(status, status.rate().orElseThrow());
    }

    private static RateLimitFields of(RateStatus status, Rate rate) {
        long window = seconds(rate.period());
        long quota = rate.tokens()
                .multiply(BigDecimal.valueOf(window))
                .multiply(NANOS)
                .divide(nanos(rate.period()), 0, RoundingMode.FLOOR)
                .longValue();
        if (quota == 0) {
            quota = 1;
            window = nanos(rate.period())
                    .divide(NANOS.multiply(rate.tokens()), 0, RoundingMode.CEILING)
                    .longValue();
        }
        return of(status, quota, window);
    }

    private static RateLimitFields of(RateStatus status, long quota, long window) {
        Duration more =
                status.admitted() ? status.resetAfter() : status.retryAfter().orElse(status.resetAfter());
        return new RateLimitFields(
                policy(status),
                quota,
                window,
                (long) Math.max(0, status.remaining()),
                seconds(more),
                !status.admitted());
    }

    private static String policy(RateStatus status) {
        String limit = status.limit().name();
        return status.limit().rates().size() <= 1
                ? limit
                : limit + "/" + status.rate().orElseThrow().periodText();
    }

    private boolean isTighter(RateLimitFields other) {
        return violated != other.violated ? violated : violated ? reset > other.reset : remaining < other.remaining;
    }

    private static BigDecimal nanos(Duration duration) {
        return BigDecimal.valueOf(duration.getSeconds()).multiply(NANOS).add(BigDecimal.valueOf(duration.getNano()));
    }
}
