package io.ratelimit;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;

/**
 * What one node grants of a limit from its memory, so that several nodes together grant no more than the limit.
 *
 * <p>A share of 0.25 makes {@code 100/s burst 200} on each node {@code 25/s burst 50}, rounded down to thousandths. What is
 * left holds at least a call of the limit's own cost, or calls that are admitted while the store answers could not be
 * admitted at all.
 */
final class LocalLimitScaler {

    private static final BigDecimal LEAST = BigDecimal.valueOf(1, 3);

    private LocalLimitScaler() {}

    /** A share of the rates of a limit, over the same periods. */
    static List<Rate> rates(List<Rate> rates, Algorithm algorithm, BigDecimal share, BigDecimal cost) {
        return rates.stream()
                .map(rate -> switch (algorithm) {
                    case TOKEN_BUCKET -> bucket(rate, share, cost);
                    case CONCURRENCY ->
                        held(
                                rate,
                                whole(rate.tokens().multiply(share), RoundingMode.FLOOR)
                                        .max(BigDecimal.ONE)
                                        .max(whole(cost, RoundingMode.CEILING))
                                        .min(rate.tokens()));
                    case SLIDING_WINDOW, SLIDING_WINDOW_COUNTER, FIXED_WINDOW ->
                        held(rate, tokens(rate.tokens(), share).max(cost));
                })
                .toList();
    }

    /** The charges as this node's memory counts them. */
    static List<Charge> charges(List<Charge> charges) {
        return charges.stream().map(LocalLimitScaler::charge).toList();
    }

    /** The charges that the limit can admit, and this node's share of it never. */
    static List<Charge> beyond(List<Charge> charges) {
        return charges.stream()
                .filter(charge -> charge.cost() > charge.limit().local().capacity()
                        && charge.cost() <= charge.limit().capacity())
                .toList();
    }

    private static Charge charge(Charge charge) {
        Limit local = charge.limit().local();
        return local == charge.limit() ? charge : new Charge(local, charge.key(), charge.cost(), charge.lease());
    }

    private static Rate bucket(Rate rate, BigDecimal share, BigDecimal cost) {
        return new Rate(
                tokens(rate.tokens(), share),
                rate.period(),
                tokens(rate.burst(), share).max(cost));
    }

    private static Rate held(Rate rate, BigDecimal tokens) {
        return new Rate(tokens, rate.period(), tokens);
    }

    private static BigDecimal tokens(BigDecimal tokens, BigDecimal share) {
        return tokens.multiply(share).setScale(3, RoundingMode.FLOOR).max(LEAST);
    }

    private static BigDecimal whole(BigDecimal tokens, RoundingMode rounding) {
        return tokens.setScale(0, rounding);
    }
}
