package io.ratelimit.autoconfigure;

/**
 * The settings of every limited call, whichever feature limits it.
 *
 * @param enabled whether calls are limited; if false, every call is admitted and nothing is evaluated
 * @param sharesEmptyKeys whether calls with a null or blank key share one bucket; if false, they fail with an {@link
 *     io.ratelimit.EmptyKeyException}
 * @param ignoresUnknownLimits whether a limit is ignored whose computed name is not defined; if false, the call fails
 *     with an exception
 */
public record RateLimitSettings(boolean enabled, boolean sharesEmptyKeys, boolean ignoresUnknownLimits) {}
