package io.ratelimit.aop;

import org.jspecify.annotations.Nullable;

/** A decided call, which runs the method, runs the fallback, or throws the exception of the rejection. */
@FunctionalInterface
interface DecidedInvocation {

    @Nullable Object run() throws Throwable;

    /** Returns whether the outcome of the method must be reported. */
    default boolean isFollowed() {
        return false;
    }

    /** Reports that the method succeeded, before the caller gets the result. */
    default void succeeded(@Nullable Object result) {}

    /** Reports that the method failed, before the caller gets the failure. */
    default void failed(Throwable failure) {}

    /** Reports that the caller no longer waits for the result, or already has it, and that the work was cancelled. */
    default void abandoned() {}

    /** Reports that the method will not run, because its caller no longer waits for the result. */
    default void dropped() {}

    /** {@return a task that releases what the call holds, and that refers to nothing else of the call} */
    default Runnable release() {
        return () -> {};
    }

    /** Runs a method that is complete when it returns, and reports its outcome. */
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
