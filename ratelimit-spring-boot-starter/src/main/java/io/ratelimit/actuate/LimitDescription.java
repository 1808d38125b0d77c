package io.ratelimit.actuate;

import io.ratelimit.DecisionSource;
import io.ratelimit.Limit;
import io.ratelimit.RateLimitStore;
import io.ratelimit.RateLimiter;
import io.ratelimit.algorithm.Refill;
import io.ratelimit.algorithm.Tokens;
import io.ratelimit.remote.RemoteRateLimitStore;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.format.annotation.DurationFormat;
import org.springframework.format.datetime.standard.DurationFormatterUtils;

/**
 * A limit as the endpoint shows it.
 *
 * @param name the name of the limit
 * @param rates such as {@code 1000/h burst 200} or {@code 2 at once}
 * @param algorithm such as {@code token-bucket}, {@code token-bucket, interval refill}, {@code fixed-window, day in
 *     Europe/Berlin} or {@code concurrency, leases of 30s}
 * @param cost tokens that a call costs unless it sets a cost
 * @param maxWait how long a call may wait unless it sets a wait
 * @param onStoreFailure {@code local}, {@code allow} or {@code deny}
 * @param prefetch the prefetch of each node; null if there is none, or if the store is this node's memory
 * @param methods the methods that name this limit in their annotation
 * @param admitted the number of calls admitted since the limit was defined, by source of the decision
 * @param rejected the number of calls rejected since the limit was defined, by source of the decision
 */
record LimitDescription(
        String name,
        List<String> rates,
        String algorithm,
        double cost,
        Duration maxWait,
        String onStoreFailure,
        @Nullable Prefetch prefetch,
        List<String> methods,
        Map<String, Long> admitted,
        Map<String, Long> rejected) {

    static LimitDescription of(
            RateLimiter limiter, RateLimitStore store, Function<String, ? extends Collection<String>> methods) {
        Limit limit = limiter.limit();
        return new LimitDescription(
                limit.name(),
                limit.texts(),
                algorithm(limit),
                Tokens.decimal(limit.cost()),
                limit.maxWait(),
                lowerCase(limit.onStoreFailure()),
                Prefetch.of(limit, store),
                List.copyOf(methods.apply(limit.name())),
                totals(limiter, true),
                totals(limiter, false));
    }

    private static String algorithm(Limit limit) {
        String name = lowerCase(limit.algorithm()).replace('_', '-');
        if (limit.concurrency().isPresent()) {
            return name + ", leases of "
                    + DurationFormatterUtils.print(
                            limit.concurrency().get().leaseTime(), DurationFormat.Style.COMPOSITE);
        }
        String refill = limit.refill() == Refill.INTERVAL ? ", interval refill" : "";
        return name
                + limit.calendar()
                        .map(calendar -> ", " + lowerCase(calendar) + " in " + limit.zone())
                        .orElse(refill);
    }

    private static Map<String, Long> totals(RateLimiter limiter, boolean admitted) {
        Map<String, Long> totals = new LinkedHashMap<>();
        for (DecisionSource source : DecisionSource.values()) {
            totals.put(lowerCase(source), limiter.count(admitted, source));
        }
        return totals;
    }

    private static String lowerCase(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    /**
     * The prefetch of each node.
     *
     * @param tokens the maximum of prefetched and requested tokens of each key
     * @param inHand the tokens of all keys that this node has prefetched now
     * @param widens how much more than the bound of the algorithm all nodes together may admit of a key, such as {@code
     *     100 × nodes}
     */
    record Prefetch(double tokens, double inHand, String widens) {

        private static @Nullable Prefetch of(Limit limit, RateLimitStore store) {
            OptionalDouble inHand = limit.prefetch() > 0 && store instanceof RemoteRateLimitStore remote
                    ? remote.prefetchedTokens(limit.name())
                    : OptionalDouble.empty();
            if (inHand.isEmpty()) {
                return null;
            }
            double tokens = Tokens.decimal(limit.prefetch());
            return new Prefetch(tokens, inHand.getAsDouble(), text(tokens) + " × nodes");
        }

        private static String text(double tokens) {
            return BigDecimal.valueOf(tokens).stripTrailingZeros().toPlainString();
        }
    }
}
