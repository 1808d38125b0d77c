package io.ratelimit.aop;

import io.ratelimit.annotation.RateLimitedCall;

/** Whether a limit counts for a call. */
@FunctionalInterface
interface Condition {

    Condition ALWAYS = call -> true;

    boolean holds(RateLimitedCall call);

    static Condition of(Site site, CallValue value) {
        return call -> {
            if (value.of(call) instanceof Boolean holds) {
                return holds;
            }
            throw site.unusable("no boolean", "nothing was charged; give true or false");
        };
    }
}
