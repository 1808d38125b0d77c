package io.ratelimit.aop;

import org.jspecify.annotations.Nullable;

/** How a limited method gives back what it returns, which says when its call is decided and where a refusal goes. */
@FunctionalInterface
interface ReturnTypeAdapter {

    /** A value, or nothing: decided at once, and a refusal is thrown. */
    ReturnTypeAdapter VALUE = call -> call.decide().runToEnd();

    /** Gives back what the caller of the method gets. */
    @Nullable Object invoke(RateLimitedInvocation call) throws Throwable;
}
