package io.ratelimit.aop;

import io.ratelimit.Charge;
import io.ratelimit.EmptyKeyException;
import io.ratelimit.Limit;
import io.ratelimit.RateLimiters;
import io.ratelimit.Tokens;
import io.ratelimit.UnknownLimitException;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One declaration, ready for calls.
 *
 * @param maxWait null for the limit's own
 * @param fallback null for an exception
 * @param beans that give its limit, key or cost
 */
record Rule(
        LimitChoice limit,
        Condition condition,
        Key key,
        Cost cost,
        @Nullable MaxWait maxWait,
        Settlement settlement,
        @Nullable Fallback fallback,
        List<ResolverBean<?>> beans) {

    /**
     * Checks what depends on other beans.
     *
     * @throws InvalidRateLimitedException if a limit that it names does not exist, never holds its cost, cannot wait so
     *     long, or has nothing to settle, or if a bean that it needs is not there
     */
    void check(RateLimiters limiters) {
        beans.forEach(ResolverBean::get);
        for (String name : limit.written()) {
            check(name, limiters);
        }
    }

    private void check(String name, RateLimiters limiters) {
        Limit current;
        try {
            current = limiters.get(name).limit();
        } catch (UnknownLimitException ex) {
            throw limit.site()
                    .invalid(
                            limit.perCall() == null ? "unknown limit" : "unknown limit \"" + name + "\"",
                            ex.getNearest()
                                            .map(near -> "did you mean \"" + near + "\"? ")
                                            .orElse("") + "Define ratelimit.limits." + name + ", or use one of "
                                    + ex.getKnown(),
                            ex);
        }
        if (maxWait != null) {
            maxWait.check(current);
        }
        if (current.isLeased() && settlement.used() != null) {
            throw limit.site()
                    .invalid(
                            "limit \"" + name + "\" counts calls while they run, so nothing of it can be settled",
                            "drop settle, or name another limit");
        }
        if (cost instanceof Cost.Constant constant && constant.thousandths() > current.capacity()) {
            throw limit.site()
                    .at("cost", Cost.text(Tokens.decimal(constant.thousandths())))
                    .invalid(
                            "the rates "
                                    + current.rates().stream()
                                            .map(current::text)
                                            .toList()
                                    + " of limit \"" + name + "\" never hold more than "
                                    + Cost.text(Tokens.decimal(current.capacity())),
                            "lower the cost or raise " + (current.isLeased() ? "max-concurrent" : "the burst"));
        }
    }

    /** Whether a charge may change when its call ends. */
    boolean settles() {
        return settlement != Settlement.AS_CHARGED;
    }

    /** How long a call may wait for its charge. */
    Duration maxWait(Charge charge) {
        return maxWait == null ? charge.limit().maxWait() : maxWait.duration();
    }

    /**
     * The charge of a call, evaluating condition, limit, key and cost; null if the rule does not count for it.
     *
     * @throws UnknownLimitException if the limit is not defined and must be
     * @throws EmptyKeyException if the key is null or blank and must not be
     * @throws IllegalArgumentException if the limit has no name, or the cost cannot be charged
     */
    @Nullable Charge charge(LimitedCall call) {
        AdviceSettings settings = call.shared().settings();
        if (!condition.holds(call)) {
            return null;
        }
        Limit current = limit.limit(call, call.shared().limiters(), settings.unknownLimit());
        if (current == null) {
            return null;
        }
        String text = key.text(call);
        if (text == null) {
            if (settings.emptyKey() == EmptyKey.REFUSE) {
                throw new EmptyKeyException(current.name());
            }
            text = Charge.SHARED;
        }
        return new Charge(current, text, cost.thousandths(current, call));
    }
}
