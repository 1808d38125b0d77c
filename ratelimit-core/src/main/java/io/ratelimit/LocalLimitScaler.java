package io.ratelimit;

import io.ratelimit.algorithm.Algorithm;
import io.ratelimit.algorithm.ConcurrencyCap;
import io.ratelimit.algorithm.Rate;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;

/**
 * Scales a limit down to the share that one node grants from its memory, so that all nodes together grant no more than
 * the limit.
 *
 * <p>A share of 0.25 makes {@code 25/s burst 50} of {@code 100/s burst 200}, rounded down to thousandths. The scaled
 * limit holds at least one call of the limit's own cost. Otherwise such calls would always be rejected while the store
 * is unavailable.
 */
final class LocalLimitScaler {

    private static final BigDecimal LEAST = BigDecimal.valueOf(1, 3);

    private LocalLimitScaler() {}

    /** Returns a share of the rates of a limit, over the same periods. */
    static List<Rate> rates(List<Rate> rates, Algorithm algorithm, BigDecimal share, BigDecimal cost) {
        return rates.stream()
                .map(rate -> switch (algorithm) {
                    case TOKEN_BUCKET -> bucket(rate, share, cost);
                    case SLIDING_WINDOW, SLIDING_WINDOW_COUNTER, FIXED_WINDOW, CONCURRENCY ->
                        window(rate, tokens(rate.tokens(), share).max(cost));
                })
                .toList();
    }

    /** Returns a share of a cap, in whole tokens. */
    static ConcurrencyCap cap(ConcurrencyCap cap, BigDecimal share, BigDecimal cost) {
        BigDecimal max = BigDecimal.valueOf(cap.max());
        BigDecimal scaled = whole(max.multiply(share), RoundingMode.FLOOR)
                .max(BigDecimal.ONE)
                .max(whole(cost, RoundingMode.CEILING))
                .min(max);
        return new ConcurrencyCap(scaled.intValueExact(), cap.leaseTime());
    }

    private static Rate bucket(Rate rate, BigDecimal share, BigDecimal cost) {
        return new Rate(
                tokens(rate.tokens(), share),
                rate.period(),
                tokens(rate.burst(), share).max(cost));
    }

    private static Rate window(Rate rate, BigDecimal tokens) {
        return new Rate(tokens, rate.period(), tokens);
    }

    private static BigDecimal tokens(BigDecimal tokens, BigDecimal share) {
        return tokens.multiply(share).setScale(3, RoundingMode.FLOOR).max(LEAST);
    }

    private static BigDecimal whole(BigDecimal tokens, RoundingMode rounding) {
        return tokens.setScale(0, rounding);
    }
}
