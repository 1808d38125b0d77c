package io.ratelimit.aop;

import org.jspecify.annotations.Nullable;

/**
 * Adapts the decision to the return type of a limited method: it determines when a call is decided, and how a rejection
 * reaches the caller.
 */
@FunctionalInterface
interface ReturnTypeAdapter {

    /** Decides and runs a call, and returns the result for the caller. */
    @Nullable Object invoke(RateLimitedInvocation call) throws Throwable;
}
