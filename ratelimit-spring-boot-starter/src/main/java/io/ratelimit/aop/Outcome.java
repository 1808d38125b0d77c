package io.ratelimit.aop;

import org.jspecify.annotations.Nullable;

/** What follows on a decision: the method itself, or its fallback, or the exception. */
@FunctionalInterface
interface Outcome {

    @Nullable Object run() throws Throwable;
}
