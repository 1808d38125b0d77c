package io.ratelimit.aop;

/**
 * How annotated methods are advised.
 *
 * @param enabled false admits every call and evaluates nothing
 * @param emptyKey what becomes of a call whose key is null or blank
 * @param unknownLimit what becomes of a call whose limit is computed, and not defined
 * @param order the advice's place among others; {@link org.springframework.core.Ordered#HIGHEST_PRECEDENCE} is outermost
 */
public record AdviceSettings(boolean enabled, EmptyKey emptyKey, UnknownLimit unknownLimit, int order) {}
