package io.ratelimit.aop;

import org.jspecify.annotations.Nullable;

/** What follows on a decision: the method itself, or its fallback, or the exception. */
@FunctionalInterface
interface Outcome {

    @Nullable Object run() throws Throwable;

    /** Whether it wants to know how the result ends. */
    default boolean settles() {
        return false;
    }

    /** The result was there. */
    default void succeeded(@Nullable Object result) {}

    /** The result failed. */
    default void failed(Throwable failure) {}

    /** Runs, where the result ends with it. */
    default @Nullable Object runToEnd() throws Throwable {
        Object result;
        try {
            result = run();
        } catch (Throwable ex) {
            failed(ex);
            throw ex;
        }
        succeeded(result);
        return result;
    }
}
