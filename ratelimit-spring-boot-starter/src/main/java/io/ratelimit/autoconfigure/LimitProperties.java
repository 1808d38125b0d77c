package io.ratelimit.autoconfigure;

import io.ratelimit.InvalidLimitException;
import io.ratelimit.Limit;
import io.ratelimit.OnStoreFailure;
import io.ratelimit.Rate;
import io.ratelimit.Refill;
import io.ratelimit.TokenBucket;
import io.ratelimit.Tokens;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The properties of a limit, or the defaults of all.
 *
 * @param rates One rate or a list, all of which must admit a call: text such as 10/s, or tokens, per and burst.
 * @param refill How tokens come back: continuously, or in whole portions at the end of each period.
 * @param cost Tokens that a call takes that names no cost, with at most three decimal places.
 * @param onStoreFailure What is answered while the store cannot be asked: this node's memory, yes, or no.
 */
record LimitProperties(
        @Nullable List<RateProperties> rates,
        @Nullable Refill refill,
        @Nullable BigDecimal cost,
        @Nullable OnStoreFailure onStoreFailure) {

    private static final String LIMITS = RateLimitProperties.PREFIX + ".limits";
    private static final String DEFAULTS = RateLimitProperties.PREFIX + ".defaults";

    LimitProperties withRates(List<RateProperties> other) {
        return new LimitProperties(other, refill, cost, onStoreFailure);
    }

    /** The full name of a limit's properties: {@code ratelimit.limits.search}, {@code ratelimit.limits[a.b]}. */
    static String path(String limit) {
        return limit.matches("[a-z0-9][a-z0-9-]*") ? LIMITS + "." + limit : LIMITS + "[" + limit + "]";
    }

    /**
     * Makes the limit, with what the defaults add to it.
     *
     * @throws InvalidRateLimitPropertyException if a property has a value that no limit can have
     */
    Limit toLimit(String name, LimitProperties defaults) {
        String path = path(name);
        Refill refillOrDefault = refill != null ? refill : defaults.refill != null ? defaults.refill : Refill.SMOOTH;
        List<Rate> parsed = rates != null
                ? parsed(path, rates, refillOrDefault)
                : defaults.rates == null ? List.of() : parsed(DEFAULTS, defaults.rates, refillOrDefault);
        check(path);
        BigDecimal costOrDefault = cost != null ? cost : defaults.cost != null ? defaults.cost : BigDecimal.ONE;
        OnStoreFailure policy = onStoreFailure != null ? onStoreFailure : defaults.onStoreFailure;
        Limit.Builder limit =
                Limit.named(name).rates(parsed).refill(refillOrDefault).cost(BigDecimal.ZERO);
        if (policy != null) {
            limit.onStoreFailure(policy);
        }
        built(path, parsed, limit);
        return built(path + ".cost", costOrDefault, limit.cost(costOrDefault));
    }

    /** Checks what can be wrong by itself, so that defaults are checked that no limit uses. */
    void check(String path) {
        if (rates != null) {
            parsed(path, rates, refill != null ? refill : Refill.SMOOTH);
        }
        if (cost != null) {
            try {
                Tokens.exactly(cost);
            } catch (IllegalArgumentException ex) {
                throw new InvalidRateLimitPropertyException(path + ".cost", cost, ex);
            }
        }
    }

    private static List<Rate> parsed(String path, List<RateProperties> texts, Refill refill) {
        List<Rate> rates = new ArrayList<>(texts.size());
        for (int i = 0; i < texts.size(); i++) {
            try {
                Rate rate = texts.get(i).toRate();
                TokenBucket.of(rate, refill);
                rates.add(rate);
            } catch (InvalidLimitException ex) {
                throw new InvalidRateLimitPropertyException(
                        path + ".rates[" + i + "]", texts.get(i).text(), ex);
            }
        }
        return rates;
    }

    private static Limit built(String property, Object value, Limit.Builder limit) {
        try {
            return limit.build();
        } catch (InvalidLimitException ex) {
            throw new InvalidRateLimitPropertyException(property, value, ex);
        }
    }
}
