package io.ratelimit.autoconfigure;

import io.ratelimit.Limit;
import io.ratelimit.StoreFailurePolicy;
import io.ratelimit.algorithm.Algorithm;
import io.ratelimit.algorithm.CalendarPeriod;
import io.ratelimit.algorithm.ConcurrencyCap;
import io.ratelimit.algorithm.InvalidLimitException;
import io.ratelimit.algorithm.Rate;
import io.ratelimit.algorithm.Refill;
import io.ratelimit.algorithm.Tokens;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The properties of a limit, or the defaults of all.
 *
 * @param rates One rate or a list, each as text such as 10/s, or as tokens, per and burst. Every rate must admit a
 *     call.
 * @param algorithm Algorithm that counts the calls.
 * @param refill How a token bucket is refilled: smoothly, or in whole portions at the end of each period.
 * @param calendar Calendar unit of fixed windows. By default windows have the length of the period and start from the
 *     epoch.
 * @param zone Time zone of the calendar.
 * @param maxConcurrent With algorithm concurrency, the number of calls that may run at the same time, 1 or more.
 * @param leaseTime With algorithm concurrency, the time after which the calls of a dead node expire, at least 100ms.
 * @param cost Tokens that a call costs unless it sets a cost, with at most three decimal places.
 * @param maxWait How long a call may wait for its tokens unless it sets a wait.
 * @param onStoreFailure How calls are answered while the store cannot be asked: from this node's memory, all admitted,
 *     or all rejected.
 * @param localShare Share of the limit that this node's memory grants while the store cannot be asked, above 0 and at
 *     most 1.
 * @param prefetch Tokens of a key that a node consumes from Redis in advance. Each node widens the bound by this
 *     number.
 */
record LimitProperties(
        @Nullable List<RateProperties> rates,
        @Nullable Algorithm algorithm,
        @Nullable Refill refill,
        @Nullable CalendarPeriod calendar,
        @Nullable ZoneId zone,
        @Nullable BigDecimal maxConcurrent,
        @Nullable Duration leaseTime,
        @Nullable BigDecimal cost,
        @Nullable Duration maxWait,
        @Nullable StoreFailurePolicy onStoreFailure,
        @Nullable BigDecimal localShare,
        @Nullable BigDecimal prefetch) {

    static final LimitProperties NOTHING =
            new LimitProperties(null, null, null, null, null, null, null, null, null, null, null, null);

    /** The names of the properties of a limit. */
    static final Set<String> NAMES = PropertyNames.of(LimitProperties.class);

    private static final BigDecimal MOST_AT_ONCE = BigDecimal.valueOf(Integer.MAX_VALUE);
    private static final Duration LEASE_TIME = Duration.ofSeconds(30);
    private static final Duration SHORTEST_LEASE_TIME = Duration.ofMillis(100);
    private static final Pattern PLAIN_NAME = Pattern.compile("[a-z0-9][a-z0-9-]*");
    private static final String LIMITS = "ratelimit.limits";
    private static final String DEFAULTS = "ratelimit.defaults";

    LimitProperties withRates(List<RateProperties> other) {
        return new LimitProperties(
                other,
                algorithm,
                refill,
                calendar,
                zone,
                maxConcurrent,
                leaseTime,
                cost,
                maxWait,
                onStoreFailure,
                localShare,
                prefetch);
    }

    /**
     * Returns the full name of the properties of a limit: {@code ratelimit.limits.search},
     * {@code ratelimit.limits[a.b]}.
     */
    static String path(String limit) {
        return PLAIN_NAME.matcher(limit).matches() ? LIMITS + "." + limit : LIMITS + "[" + limit + "]";
    }

    /**
     * Creates the limit from these properties and the defaults.
     *
     * @throws InvalidRateLimitPropertyException if a property has a value that no limit can have
     */
    Limit toLimit(String name, LimitProperties defaults) {
        String path = path(name);
        checkOptions(path);
        LimitProperties all = with(defaults);
        List<Rate> parsed = all.parsed(rates != null ? path : DEFAULTS);
        all.requireCallsAtOnce(path, algorithm != null ? path : DEFAULTS);
        Limit.Builder limit =
                Limit.named(name).rates(parsed).algorithm(all.chosen()).cost(BigDecimal.ZERO);
        if (all.maxConcurrent != null) {
            limit.maxConcurrent(all.maxConcurrent.intValueExact(), all.leaseTime != null ? all.leaseTime : LEASE_TIME);
        }
        if (all.onStoreFailure != null) {
            limit.onStoreFailure(all.onStoreFailure);
        }
        built(path, parsed, limit);
        if (all.refill != null) {
            built(path + ".refill", all.refill, limit.refill(all.refill));
        }
        if (all.calendar != null) {
            built(path + ".calendar", all.calendar, limit.calendar(all.calendar, all.zoneOrUtc()));
        } else if (zone != null) {
            throw new InvalidRateLimitPropertyException(
                    path + ".zone",
                    zone,
                    "the limit has no calendar",
                    "add calendar and algorithm fixed-window, or drop it");
        }
        BigDecimal costOrOne = all.cost != null ? all.cost : BigDecimal.ONE;
        if (all.maxConcurrent != null && costOrOne.compareTo(all.maxConcurrent) > 0) {
            throw new InvalidRateLimitPropertyException(
                    path + ".cost",
                    costOrOne,
                    "more than the max-concurrent of " + all.maxConcurrent + ", so no call could ever run",
                    "lower the cost or raise max-concurrent");
        }
        Limit made = built(path + ".cost", costOrOne, limit.cost(costOrOne));
        if (all.localShare != null) {
            all.requireMemoryFor(all.localShare, path);
            made = built(path + ".local-share", all.localShare, limit.localShare(all.localShare));
        }
        if (all.prefetch != null) {
            made = built(path + ".prefetch", all.prefetch, limit.prefetch(all.prefetch));
        }
        return all.maxWait == null ? made : built(path + ".max-wait", all.maxWait, limit.maxWait(all.maxWait));
    }

    /** Checks everything that does not depend on the defaults, so that defaults are checked that no limit uses. */
    void check(String path) {
        parsed(path);
        checkOptions(path);
    }

    private void checkOptions(String path) {
        requireTokens(path + ".cost", cost);
        requireTokens(path + ".prefetch", prefetch);
        if (maxWait != null && maxWait.isNegative()) {
            throw new InvalidRateLimitPropertyException(
                    path + ".max-wait", maxWait, "negative", "use 0s for not waiting, or a duration such as 5s");
        }
        if (localShare != null) {
            built(
                    path + ".local-share",
                    localShare,
                    Limit.named("alone").rates("1/s").localShare(localShare));
        }
        if (maxConcurrent != null && maxConcurrent.signum() <= 0) {
            throw new InvalidRateLimitPropertyException(
                    path + ".max-concurrent", maxConcurrent, "not positive", "use 1 or more");
        }
        if (maxConcurrent != null && !isWhole(maxConcurrent)) {
            throw new InvalidRateLimitPropertyException(
                    path + ".max-concurrent",
                    maxConcurrent,
                    "not a whole number up to " + MOST_AT_ONCE,
                    "use one such as 2");
        }
        if (leaseTime != null && leaseTime.compareTo(SHORTEST_LEASE_TIME) < 0) {
            throw new InvalidRateLimitPropertyException(
                    path + ".lease-time", leaseTime, "shorter than 100ms", "use a duration such as 30s");
        }
        if (leaseTime != null) {
            requireLeaseTime(path + ".lease-time", leaseTime);
        }
    }

    private static void requireLeaseTime(String property, Duration time) {
        try {
            new ConcurrencyCap(1, time);
        } catch (InvalidLimitException ex) {
            throw new InvalidRateLimitPropertyException(property, time, ex);
        }
    }

    private static void requireTokens(String property, @Nullable BigDecimal tokens) {
        if (tokens != null) {
            try {
                Tokens.exactly(tokens);
            } catch (InvalidLimitException ex) {
                throw new InvalidRateLimitPropertyException(property, tokens, ex);
            }
        }
    }

    private static boolean isWhole(BigDecimal number) {
        return number.stripTrailingZeros().scale() <= 0 && number.compareTo(MOST_AT_ONCE) <= 0;
    }

    /**
     * Checks, with the defaults, that the algorithm concurrency has a number of calls, and that no other algorithm has
     * one.
     */
    private void requireCallsAtOnce(String path, String algorithmPath) {
        if (isLeased() && maxConcurrent == null) {
            throw new InvalidRateLimitPropertyException(
                    algorithmPath + ".algorithm",
                    "concurrency",
                    path + " does not set the number of concurrent calls",
                    "add max-concurrent to it, such as 2");
        }
        if (!isLeased() && maxConcurrent != null) {
            throw new InvalidRateLimitPropertyException(
                    path + ".max-concurrent",
                    maxConcurrent,
                    "only algorithm concurrency counts calls at once",
                    "add it and drop rates, or drop max-concurrent");
        }
        if (!isLeased() && leaseTime != null) {
            throw new InvalidRateLimitPropertyException(
                    path + ".lease-time",
                    leaseTime,
                    "only algorithm concurrency has leases",
                    "add it with max-concurrent, or drop lease-time");
        }
    }

    /**
     * Checks, with the defaults, that a local share is only set if this node's memory answers while the store fails.
     */
    private void requireMemoryFor(BigDecimal share, String path) {
        if (onStoreFailure != null && !isLocal(onStoreFailure)) {
            throw new InvalidRateLimitPropertyException(
                    path + ".local-share",
                    share,
                    "with on-store-failure " + onStoreFailure.name().toLowerCase(Locale.ROOT)
                            + " this node's memory is not asked",
                    "drop local-share, or use on-store-failure local");
        }
    }

    /** Adds those defaults that the algorithm of this limit supports. */
    private LimitProperties with(LimitProperties defaults) {
        Algorithm own = algorithm != null ? algorithm : defaults.chosen();
        boolean bucket = own == Algorithm.TOKEN_BUCKET;
        boolean windows = own == Algorithm.FIXED_WINDOW;
        boolean waits = own != Algorithm.SLIDING_WINDOW_COUNTER;
        boolean leased = own == Algorithm.CONCURRENCY;
        StoreFailurePolicy policy = onStoreFailure != null ? onStoreFailure : defaults.onStoreFailure;
        return new LimitProperties(
                rates == null && !leased ? defaults.rates : rates,
                own,
                refill == null && bucket ? defaults.refill : refill,
                calendar == null && windows ? defaults.calendar : calendar,
                zone == null ? defaults.zone : zone,
                maxConcurrent == null && leased ? defaults.maxConcurrent : maxConcurrent,
                leaseTime == null && leased ? defaults.leaseTime : leaseTime,
                cost != null ? cost : defaults.cost,
                maxWait == null && waits ? defaults.maxWait : maxWait,
                policy,
                localShare == null && isLocal(policy) ? defaults.localShare : localShare,
                prefetch == null && !leased ? defaults.prefetch : prefetch);
    }

    private static boolean isLocal(@Nullable StoreFailurePolicy policy) {
        return policy == null || policy == StoreFailurePolicy.LOCAL;
    }

    private Algorithm chosen() {
        return algorithm != null ? algorithm : Algorithm.TOKEN_BUCKET;
    }

    private boolean isLeased() {
        return chosen() == Algorithm.CONCURRENCY;
    }

    private ZoneId zoneOrUtc() {
        return zone != null ? zone : ZoneOffset.UTC;
    }

    /** Returns all rates as one text, which is empty without rates. */
    String ratesText() {
        return rates == null ? "" : rates.stream().map(RateProperties::text).collect(Collectors.joining(", "));
    }

    private List<Rate> parsed(String path) {
        List<RateProperties> texts = rates != null ? rates : List.of();
        if (isLeased() && !texts.isEmpty()) {
            throw new InvalidRateLimitPropertyException(
                    path + ".rates",
                    ratesText(),
                    "algorithm concurrency has no rates, but a number of calls at once",
                    "use max-concurrent, or another algorithm");
        }
        List<Rate> parsed = new ArrayList<>(texts.size());
        for (int i = 0; i < texts.size(); i++) {
            try {
                Rate rate = texts.get(i).toRate();
                requireCountable(rate);
                parsed.add(rate);
            } catch (InvalidLimitException ex) {
                throw new InvalidRateLimitPropertyException(
                        path + ".rates[" + i + "]", texts.get(i).text(), ex);
            }
        }
        return parsed;
    }

    private void requireCountable(Rate rate) {
        Limit.Builder alone =
                Limit.named("alone").rates(List.of(rate)).algorithm(chosen()).cost(BigDecimal.ZERO);
        if (refill != null && chosen() == Algorithm.TOKEN_BUCKET) {
            alone.refill(refill);
        }
        if (calendar != null && chosen() == Algorithm.FIXED_WINDOW) {
            alone.calendar(calendar, zoneOrUtc());
        }
        alone.build();
    }

    private static Limit built(String property, Object value, Limit.Builder limit) {
        try {
            return limit.build();
        } catch (InvalidLimitException ex) {
            throw new InvalidRateLimitPropertyException(property, value, ex);
        }
    }
}
