package io.ratelimit.aop;

import org.springframework.context.annotation.AdviceMode;

/**
 * How annotated methods are advised.
 *
 * @param enabled false admits every call and evaluates nothing
 * @param emptyKey what becomes of a call whose key is null or blank
 * @param unknownLimit what becomes of a call whose limit is computed, and not defined
 * @param mode by proxies of beans, or by an aspect in the methods themselves
 * @param order the place of proxies' advice among others; {@link org.springframework.core.Ordered#HIGHEST_PRECEDENCE} is outermost
 */
public record AdviceSettings(
        boolean enabled, EmptyKeyPolicy emptyKey, UnknownLimitPolicy unknownLimit, AdviceMode mode, int order) {}
