package io.ratelimit.aop;

/**
 * The reason why an annotation has no effect.
 *
 * @param problem what prevents the effect, such as {@code the method is private, and a proxy cannot see it}
 * @param cure what to change, such as {@code make it public}
 */
record IneffectiveReason(String problem, String cure) {}
