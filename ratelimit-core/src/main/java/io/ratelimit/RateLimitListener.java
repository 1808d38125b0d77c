package io.ratelimit;

/**
 * Listens to the decisions of a registry and to its limits.
 *
 * <p>Methods run on the thread that decides: the caller's or, for an asynchronous decision, the store's. They should
 * return quickly. An exception is logged, as a warning the first time, and affects neither the call nor other
 * listeners.
 */
public interface RateLimitListener {

    /**
     * Called for each decision, after its wait and just before its caller gets it.
     *
     * @param decision the decision, admitted or rejected
     */
    default void onDecision(Decision decision) {}

    /**
     * Called when a running call has lost a lease: the lease was not renewed in time, because the JVM was paused or the
     * store was unavailable, or its key was reset. More calls than the limit allows may run now.
     *
     * @param decision the admitted decision that holds the lease
     */
    default void onLost(Decision decision) {}

    /**
     * Called when a limit is defined. Not called when it is replaced.
     *
     * @param limit the limit
     */
    default void onDefined(Limit limit) {}

    /**
     * Called when a limit is replaced by another one of the same name.
     *
     * @param limit the limit as it is configured from now on
     */
    default void onReplaced(Limit limit) {}

    /**
     * Called when a limit is removed.
     *
     * @param limit the limit as it was configured last
     */
    default void onRemoved(Limit limit) {}
}
