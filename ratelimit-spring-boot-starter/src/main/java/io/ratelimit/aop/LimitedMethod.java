package io.ratelimit.aop;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.RateLimiters;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A method of a class with all its limits: everything that can be known before a call. */
record LimitedMethod(String name, Returns returns, List<Rule> rules) {

    /** What one call asks for: the rules that count, their charges in the same order, and the shortest of their waits. */
    record Claim(Call call, List<Rule> rules, List<Charge> charges, Duration maxWait) {

        boolean settles() {
            for (Rule rule : rules) {
                if (rule.settlement() != Settlement.AS_CHARGED) {
                    return true;
                }
            }
            return false;
        }

        /** {@return the fallback of the rule that refused, or the first there is; null if none} */
        @Nullable Fallback fallback(Decision decision) {
            Fallback first = null;
            for (int i = 0; i < rules.size(); i++) {
                Fallback fallback = rules.get(i).fallback();
                if (fallback != null && refused(decision, charges.get(i))) {
                    return fallback;
                }
                first = first == null ? fallback : first;
            }
            return first;
        }

        private static boolean refused(Decision decision, Charge charge) {
            List<Charge> decided = decision.charges();
            for (int i = 0; i < decided.size(); i++) {
                if (decided.get(i).key().equals(charge.key())
                        && decided.get(i).limit().name().equals(charge.limit().name())) {
                    return !decision.admits(i);
                }
            }
            return false;
        }
    }

    /**
     * Evaluates the conditions, limits, keys and costs of a call.
     *
     * @throws io.ratelimit.UnknownLimitException if a limit is not defined and must be
     * @throws io.ratelimit.EmptyKeyException if a key is null or blank and must not be
     * @throws IllegalArgumentException if a limit has no name, or a cost cannot be charged
     */
    Claim claim(Call call, RateLimiters limiters, AdviceSettings settings) {
        if (rules.size() == 1) {
            Charge charge = rules.get(0).charge(call, limiters, settings);
            return charge == null
                    ? new Claim(call, List.of(), List.of(), Duration.ZERO)
                    : new Claim(call, rules, List.of(charge), rules.get(0).maxWait(charge));
        }
        List<Rule> counting = new ArrayList<>(rules.size());
        List<Charge> charges = new ArrayList<>(rules.size());
        Duration shortest = null;
        for (Rule rule : rules) {
            Charge charge = rule.charge(call, limiters, settings);
            if (charge != null) {
                counting.add(rule);
                charges.add(charge);
                Duration wait = rule.maxWait(charge);
                shortest = shortest == null || wait.compareTo(shortest) < 0 ? wait : shortest;
            }
        }
        return new Claim(call, counting, charges, shortest == null ? Duration.ZERO : shortest);
    }
}
