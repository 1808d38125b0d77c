package io.ratelimit.aop;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.annotation.RateLimitedCall;
import io.ratelimit.autoconfigure.RateLimitSettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A method of a class with all its limits: everything that is known before a call.
 *
 * @param suspending whether its last argument is a continuation, which expressions and fallbacks do not see
 */
record RateLimitedMethod(String name, boolean suspending, List<RateLimitSpec> specs) {

    /**
     * The charges of one call: the specifications that apply, their charges in the same order, and the shortest of
     * their maximum waits.
     */
    record CallCharges(List<RateLimitSpec> specs, List<Charge> charges, Duration maxWait) {

        static final CallCharges NOTHING = new CallCharges(List.of(), List.of(), Duration.ZERO);

        static CallCharges of(RateLimitSpec only, Charge charge) {
            return new CallCharges(List.of(only), List.of(charge), only.maxWait(charge));
        }

        boolean settles() {
            for (RateLimitSpec spec : specs) {
                if (spec.settles()) {
                    return true;
                }
            }
            return false;
        }

        /**
         * {@return the fallback of the specification that rejected the call, or else the first one; null if there is
         * none}
         */
        @Nullable FallbackMethod fallback(Decision decision) {
            FallbackMethod first = null;
            for (int i = 0; i < specs.size(); i++) {
                FallbackMethod fallback = specs.get(i).fallback();
                if (fallback != null && rejected(decision, charges.get(i))) {
                    return fallback;
                }
                first = first == null ? fallback : first;
            }
            return first;
        }

        private static boolean rejected(Decision decision, Charge charge) {
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
     * @throws io.ratelimit.UnknownLimitException if a limit is not defined
     * @throws io.ratelimit.EmptyKeyException if a key is null or blank
     * @throws io.ratelimit.expression.InvalidCallException if the values of the call give no valid condition, limit,
     *     key or cost
     */
    CallCharges callCharges(RateLimitedCall call, RateLimiterRegistry registry, RateLimitSettings settings) {
        List<RateLimitSpec> applied = specs;
        List<Charge> charges = new ArrayList<>(specs.size());
        Duration shortest = null;
        for (int i = 0; i < specs.size(); i++) {
            RateLimitSpec spec = specs.get(i);
            Charge charge = spec.charge(call, registry, settings);
            if (charge == null) {
                applied = applied == specs ? new ArrayList<>(specs.subList(0, i)) : applied;
                continue;
            }
            if (applied != specs) {
                applied.add(spec);
            }
            charges.add(charge);
            Duration wait = spec.maxWait(charge);
            shortest = shortest == null || wait.compareTo(shortest) < 0 ? wait : shortest;
        }
        return shortest == null ? CallCharges.NOTHING : new CallCharges(applied, charges, shortest);
    }
}
