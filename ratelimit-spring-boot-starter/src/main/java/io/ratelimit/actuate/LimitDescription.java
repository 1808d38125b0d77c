package io.ratelimit.actuate;

import io.ratelimit.Limit;
import io.ratelimit.RateLimiter;
import io.ratelimit.Refill;
import io.ratelimit.Source;
import io.ratelimit.Tokens;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.springframework.format.annotation.DurationFormat;
import org.springframework.format.datetime.standard.DurationFormatterUtils;

/**
 * A limit as the endpoint shows it.
 *
 * @param name the limit's name
 * @param rates such as {@code 1000/h burst 200} or {@code 2 at once}
 * @param algorithm such as {@code token-bucket}, {@code token-bucket, interval refill},
 *     {@code fixed-window, day in Europe/Berlin} or {@code concurrency, leases of 30s}
 * @param cost tokens that a call takes that names no cost
 * @param maxWait how long a call may wait that names no wait
 * @param onStoreFailure {@code local}, {@code allow} or {@code deny}
 * @param methods that name this limit in their annotation
 * @param admitted calls admitted since the limit was defined, by who decided
 * @param rejected calls refused since the limit was defined, by who decided
 */
record LimitDescription(
        String name,
        List<String> rates,
        String algorithm,
        double cost,
        Duration maxWait,
        String onStoreFailure,
        List<String> methods,
        Map<String, Long> admitted,
        Map<String, Long> rejected) {

    static LimitDescription of(RateLimiter limiter, Function<String, ? extends Collection<String>> methods) {
        Limit limit = limiter.limit();
        return new LimitDescription(
                limit.name(),
                limit.rates().stream().map(limit::text).toList(),
                algorithm(limit),
                Tokens.decimal(limit.cost()),
                limit.maxWait(),
                lowerCase(limit.onStoreFailure()),
                List.copyOf(methods.apply(limit.name())),
                totals(limiter, true),
                totals(limiter, false));
    }

    private static String algorithm(Limit limit) {
        String name = lowerCase(limit.algorithm()).replace('_', '-');
        if (limit.isLeased()) {
            return name + ", leases of "
                    + DurationFormatterUtils.print(limit.rates().get(0).period(), DurationFormat.Style.COMPOSITE);
        }
        String refill = limit.refill() == Refill.INTERVAL ? ", interval refill" : "";
        return name
                + limit.calendar()
                        .map(calendar -> ", " + lowerCase(calendar) + " in " + limit.zone())
                        .orElse(refill);
    }

    private static Map<String, Long> totals(RateLimiter limiter, boolean admitted) {
        Map<String, Long> totals = new LinkedHashMap<>();
        for (Source source : Source.values()) {
            totals.put(lowerCase(source), limiter.count(admitted, source));
        }
        return totals;
    }

    private static String lowerCase(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
