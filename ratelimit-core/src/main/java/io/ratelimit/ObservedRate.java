package io.ratelimit;

import io.ratelimit.algorithm.Observations;
import io.ratelimit.algorithm.RateAlgorithm;
import io.ratelimit.algorithm.Tokens;
import java.time.Duration;
import java.util.Optional;

/**
 * One rate of one charge of a decision, with what was observed of it.
 *
 * @param limit the limit of the charge
 * @param cost thousandths
 * @param ofLimit the index of the rate in its limit
 * @param observations what was observed of all rates of the decision
 * @param rate the index of the rate in the observations
 */
record ObservedRate(Limit limit, long cost, int ofLimit, Observations observations, int rate) {

    private static final Optional<Duration> AT_ONCE = Optional.of(Duration.ZERO);
    private static final long MICROS_PER_SECOND = 1_000_000;

    private RateAlgorithm algorithm() {
        return limit.algorithms().get(ofLimit);
    }

    /** Returns the time until the charge fits in microseconds; {@link RateAlgorithm#NEVER} above the capacity. */
    long microsUntilAdmitted() {
        return microsUntilAdmitted(algorithm(), observations, rate, cost);
    }

    static long microsUntilAdmitted(RateAlgorithm algorithm, Observations observations, int rate, long cost) {
        long ticks = algorithm.ticksUntilAdmitted(observations, rate, cost);
        return ticks == RateAlgorithm.NEVER ? ticks : ticks * (algorithm.tickNanos() / 1_000);
    }

    /** Returns the time until the charge fits; empty above the capacity. */
    Optional<Duration> retryAfter() {
        long micros = microsUntilAdmitted();
        return micros == RateAlgorithm.NEVER ? Optional.empty() : Optional.of(ofMicros(micros));
    }

    /** Returns the status after a decision that admitted the call, for a grant after a wait. */
    RateStatus admitted(long waitNanos) {
        long wait = algorithm().ticks(waitNanos);
        return status(true, cost, AT_ONCE, wait);
    }

    /** Returns the status after a decision that rejected the call, even if another rate rejected it. */
    RateStatus rejected() {
        return status(microsUntilAdmitted() == 0, 0, retryAfter(), 0);
    }

    private RateStatus status(boolean admitted, long taken, Optional<Duration> retryAfter, long wait) {
        return new RateStatus(
                limit,
                limit.rates().isEmpty()
                        ? Optional.empty()
                        : Optional.of(limit.rates().get(ofLimit)),
                admitted,
                Tokens.decimal(algorithm().remaining(observations, rate, taken)),
                retryAfter,
                ofMicros(algorithm().ticksUntilReset(observations, rate, taken, wait)
                        * (algorithm().tickNanos() / 1_000)));
    }

    static Duration ofMicros(long micros) {
        return Duration.ofSeconds(micros / MICROS_PER_SECOND, micros % MICROS_PER_SECOND * 1_000);
    }
}
