package io.ratelimit.aop;

import org.jspecify.annotations.Nullable;

/** What follows on a decision: the method itself, or its fallback, or the exception. */
@FunctionalInterface
interface DecidedInvocation {

    @Nullable Object run() throws Throwable;

    /** Whether it wants to know how the result ends. */
    default boolean isFollowed() {
        return false;
    }

    /** The result was there, and the caller is about to get it. */
    default void succeeded(@Nullable Object result) {}

    /** The result failed, and the caller is about to hear of it. */
    default void failed(Throwable failure) {}

    /** The caller wants no result any more, or has it. */
    default void abandoned() {}

    /** The caller was gone before anything ran. */
    default void dropped() {}

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
