package io.ratelimit.aop;

/**
 * How annotated methods are advised.
 *
 * @param enabled false admits every call and evaluates nothing
 * @param emptyKey what becomes of a call whose key is null or blank
 * @param order the advice's place among others; {@link org.springframework.core.Ordered#HIGHEST_PRECEDENCE} is outermost
 */
public record AdviceSettings(boolean enabled, EmptyKey emptyKey, int order) {}
