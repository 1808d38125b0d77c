package io.ratelimit;

/**
 * Hears of limits and decisions. What a listener throws is logged, the first time as a warning, and otherwise ignored. It is
 * told on the thread that decided, the caller's or, for an asynchronous decision, the store's, so it should be quick.
 */
public interface RateLimitListener {

    /**
     * A call was decided.
     *
     * @param decision admitted or refused
     */
    default void onDecision(Decision decision) {}

    /**
     * A call that runs lost a lease: it was not renewed in time, because the JVM stood still or the store could not be asked,
     * or somebody reset the key. More calls may run now than the limit says.
     *
     * @param decision the admitted decision that held it
     */
    default void onLost(Decision decision) {}

    /**
     * A limit was defined.
     *
     * @param limit the limit
     */
    default void onDefined(Limit limit) {}

    /**
     * A limit was removed.
     *
     * @param limit the limit as it was configured last
     */
    default void onRemoved(Limit limit) {}
}
