package io.ratelimit;

import io.ratelimit.algorithm.Rate;
import io.ratelimit.algorithm.Tokens;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Thrown when a limit rejects a call. No bucket was charged, and the message does not contain the key.
 *
 * <p>{@code Rate limit "search" (10/s) exceeded: cost 1, remaining 0, retry after 0.1s}; for a call that would have
 * waited, {@code …, retry after 3s, more than the max-wait of 2s}.
 */
public final class RateLimitExceededException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final String limit;
    private final double cost;
    private final @Nullable String rate;
    private final double remaining;
    private final @Nullable Duration retryAfter;
    private final DecisionSource source;

    private final transient @Nullable Decision decision;

    /**
     * Creates the exception for a rejection.
     *
     * @param decision a decision that was not admitted
     */
    public RateLimitExceededException(Decision decision) {
        this(decision, decision.rejectedBy().orElse(null));
    }

    /**
     * Creates the exception without a decision, to test an error path or to reject a call by a rule of your own.
     *
     * @param limit the limit's name
     * @param retryAfter when the call would be admitted; null if never
     */
    public RateLimitExceededException(String limit, @Nullable Duration retryAfter) {
        super("Rate limit \"" + limit + "\" exceeded: " + retryText(retryAfter));
        this.limit = limit;
        this.cost = 1;
        this.rate = null;
        this.remaining = 0;
        this.retryAfter = retryAfter;
        this.source = DecisionSource.STORE;
        this.decision = null;
    }

    private RateLimitExceededException(Decision decision, @Nullable RateStatus rejecting) {
        this(decision, rejecting, rejectedCharge(decision, rejecting));
    }

    private RateLimitExceededException(Decision decision, @Nullable RateStatus rejecting, Charge charge) {
        super(message(decision, rejecting, charge));
        this.limit = charge.limit().name();
        this.cost = Tokens.decimal(charge.cost());
        this.rate = rejecting == null ? null : rejecting.text();
        this.remaining = rejecting == null ? 0 : rejecting.remaining();
        this.retryAfter = rejecting == null ? null : rejecting.retryAfter().orElse(null);
        this.source = decision.source();
        this.decision = decision;
    }

    /** {@return the name of the limit that rejected the call} */
    public String getLimit() {
        return limit;
    }

    /** {@return the cost of the call in tokens of that limit} */
    public double getCost() {
        return cost;
    }

    /** {@return the rate that rejected the call, such as {@code 10/s}; empty if no bucket was read} */
    public Optional<String> getRate() {
        return Optional.ofNullable(rate);
    }

    /** {@return the tokens left of that rate, rounded down to a thousandth} */
    public double getRemaining() {
        return remaining;
    }

    /**
     * {@return the time until the call would be admitted if nobody else called; empty if never, or no bucket was read}
     */
    public Optional<Duration> getRetryAfter() {
        return Optional.ofNullable(retryAfter);
    }

    /** {@return where the call was rejected; {@link DecisionSource#POLICY} means that the store was unavailable} */
    public DecisionSource getSource() {
        return source;
    }

    /**
     * {@return the decision with the status of every rate; empty after serialization and for an exception without one}
     */
    public Optional<Decision> getDecision() {
        return Optional.ofNullable(decision);
    }

    private static Charge rejectedCharge(Decision decision, @Nullable RateStatus rejecting) {
        List<Charge> charges = decision.charges();
        if (rejecting != null) {
            String limit = rejecting.limit().name();
            for (int i = 0; i < charges.size(); i++) {
                if (charges.get(i).limit().name().equals(limit) && !decision.admits(i)) {
                    return charges.get(i);
                }
            }
        }
        return charges.get(0);
    }

    private static String message(Decision decision, @Nullable RateStatus rejecting, Charge charge) {
        if (rejecting == null) {
            return "Rate limit \"" + charge.limit().name() + "\" rejected the call: its store is unavailable";
        }
        return "Rate limit \"" + charge.limit().name() + "\" ("
                + rejecting.text() + ") exceeded: cost "
                + DecisionText.cost(charge.cost()) + ", remaining " + DecisionText.remaining(rejecting.remaining())
                + ", "
                + retryText(rejecting.retryAfter().orElse(null))
                + (decision.maxWait().isZero() || rejecting.retryAfter().isEmpty()
                        ? ""
                        : (rejecting.rate().isEmpty() ? ", not free within" : ", more than") + " the max-wait of "
                                + Rate.text(decision.maxWait()));
    }

    private static String retryText(@Nullable Duration retryAfter) {
        return retryAfter == null ? "never admitted" : "retry after " + DecisionText.wait(retryAfter);
    }
}
