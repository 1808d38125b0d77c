package io.ratelimit;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Says that a limit refused a call. Nothing was taken from any bucket, and the key is not in the message.
 *
 * <p>{@code Rate limit "search" (10/s) exceeded: cost 1, remaining 0, retry after 100ms}; of a call that would have waited
 * {@code …, retry after 3s, more than the max-wait of 2s}.
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
     * The exception of a refusal.
     *
     * @param decision a decision that was not admitted
     */
    public RateLimitExceededException(Decision decision) {
        this(decision, decision.rejectedBy().orElse(null));
    }

    /**
     * An exception to test an error path with, or to refuse a call by a rule of one's own.
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

    private RateLimitExceededException(Decision decision, @Nullable RateStatus refusal) {
        this(decision, refusal, rejectedCharge(decision, refusal));
    }

    private RateLimitExceededException(Decision decision, @Nullable RateStatus refusal, Charge charge) {
        super(message(decision, refusal, charge));
        this.limit = charge.limit().name();
        this.cost = Tokens.decimal(charge.cost());
        this.rate = refusal == null ? null : refusal.text();
        this.remaining = refusal == null ? 0 : refusal.remaining();
        this.retryAfter = refusal == null ? null : refusal.retryAfter().orElse(null);
        this.source = decision.source();
        this.decision = decision;
    }

    /** {@return the name of the limit that refused} */
    public String getLimit() {
        return limit;
    }

    /** {@return the tokens that were asked of it} */
    public double getCost() {
        return cost;
    }

    /** {@return the rate that refused, such as {@code 10/s}; empty if no bucket was asked} */
    public Optional<String> getRate() {
        return Optional.ofNullable(rate);
    }

    /** {@return the tokens that were left of that rate, rounded down to a thousandth} */
    public double getRemaining() {
        return remaining;
    }

    /** {@return when the call would be admitted, if nobody else called; empty if never, or if no bucket was asked} */
    public Optional<Duration> getRetryAfter() {
        return Optional.ofNullable(retryAfter);
    }

    /** {@return who refused; {@link DecisionSource#POLICY} says that the store could not be asked} */
    public DecisionSource getSource() {
        return source;
    }

    /** {@return the decision with all its readings; empty after serialization, and for an exception made by hand} */
    public Optional<Decision> getDecision() {
        return Optional.ofNullable(decision);
    }

    private static Charge rejectedCharge(Decision decision, @Nullable RateStatus refusal) {
        String limit = refusal == null ? "" : refusal.limit().name();
        List<Charge> charges = decision.charges();
        for (int i = 0; i < charges.size(); i++) {
            if (charges.get(i).limit().name().equals(limit) && !decision.admits(i)) {
                return charges.get(i);
            }
        }
        return charges.get(0);
    }

    private static String message(Decision decision, @Nullable RateStatus refusal, Charge charge) {
        if (refusal == null) {
            return "Rate limit \"" + charge.limit().name() + "\" refused the call: its store is unavailable";
        }
        return "Rate limit \"" + charge.limit().name() + "\" ("
                + refusal.text() + ") exceeded: cost "
                + Tokens.text(charge.cost()) + ", remaining " + Tokens.text(Tokens.roundedUp(refusal.remaining()))
                + ", "
                + retryText(refusal.retryAfter().orElse(null))
                + (decision.maxWait().isZero() || refusal.retryAfter().isEmpty()
                        ? ""
                        : (refusal.rate().isEmpty() ? ", not free within" : ", more than") + " the max-wait of "
                                + Rate.text(decision.maxWait()));
    }

    private static String retryText(@Nullable Duration retryAfter) {
        return retryAfter == null ? "never admitted" : "retry after " + Rate.text(retryAfter);
    }
}
