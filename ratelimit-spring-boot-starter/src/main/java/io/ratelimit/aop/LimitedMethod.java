package io.ratelimit.aop;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A method of a class with all its limits: everything that can be known before a call.
 *
 * @param suspending whether its last argument is a continuation, which nobody sees
 */
record LimitedMethod(String name, boolean suspending, Returns returns, List<Rule> rules) {

    /** What one call asks for: the rules that count, their charges in the same order, and the shortest of their waits. */
    record Claim(List<Rule> rules, List<Charge> charges, Duration maxWait) {

        static final Claim NOTHING = new Claim(List.of(), List.of(), Duration.ZERO);

        static Claim of(Rule only, Charge charge) {
            return new Claim(List.of(only), List.of(charge), only.maxWait(charge));
        }

        boolean settles() {
            for (Rule rule : rules) {
                if (rule.settles()) {
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
    Claim claim(LimitedCall call) {
        if (rules.size() == 1) {
            Charge charge = rules.get(0).charge(call);
            return charge == null ? Claim.NOTHING : Claim.of(rules.get(0), charge);
        }
        List<Rule> counting = new ArrayList<>(rules.size());
        List<Charge> charges = new ArrayList<>(rules.size());
        Duration shortest = null;
        for (Rule rule : rules) {
            Charge charge = rule.charge(call);
            if (charge != null) {
                counting.add(rule);
                charges.add(charge);
                Duration wait = rule.maxWait(charge);
                shortest = shortest == null || wait.compareTo(shortest) < 0 ? wait : shortest;
            }
        }
        return shortest == null ? Claim.NOTHING : new Claim(counting, charges, shortest);
    }
}
