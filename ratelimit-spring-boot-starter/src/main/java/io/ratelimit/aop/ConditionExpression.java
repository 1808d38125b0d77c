package io.ratelimit.aop;

import io.ratelimit.annotation.RateLimitedCall;

/** Whether a limit counts for a call. */
@FunctionalInterface
interface ConditionExpression {

    ConditionExpression ALWAYS = call -> true;

    boolean holds(RateLimitedCall call);

    static ConditionExpression of(AnnotationAttribute origin, CallExpression value) {
        return call -> {
            if (value.of(call) instanceof Boolean holds) {
                return holds;
            }
            throw origin.unusable("no boolean", "nothing was charged; give true or false");
        };
    }
}
