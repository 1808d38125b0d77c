package io.ratelimit.aop;

import org.jspecify.annotations.Nullable;

/** A call whose decision is made: it runs the method, the fallback, or throws the exception. */
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

    /** Reports that the caller no longer waits for the result, or has it. */
    default void abandoned() {}

    /** Reports that the caller was gone before the method ran. */
    default void dropped() {}

    /** Runs the method and reports its outcome, if the method is finished when it returns. */
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
