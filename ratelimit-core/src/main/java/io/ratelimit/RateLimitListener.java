package io.ratelimit;

/**
 * Hears of limits and decisions. What a listener throws is logged and otherwise ignored; what it does, it does on the
 * caller's thread, so it should be quick.
 */
public interface RateLimitListener {

    /**
     * A call was decided.
     *
     * @param decision admitted or refused
     */
    default void onDecision(Decision decision) {}

    /**
     * A limit was defined.
     *
     * @param limiter its limiter
     */
    default void onDefined(RateLimiter limiter) {}

    /**
     * A limit was removed.
     *
     * @param limiter its limiter, which admits no more calls
     */
    default void onRemoved(RateLimiter limiter) {}
}
