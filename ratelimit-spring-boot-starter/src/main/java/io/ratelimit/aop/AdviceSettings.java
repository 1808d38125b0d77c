package io.ratelimit.aop;

import io.ratelimit.autoconfigure.RateLimitSettings;
import org.springframework.context.annotation.AdviceMode;

/**
 * The settings of the advice of annotated methods.
 *
 * @param common the settings of all limited calls
 * @param mode by proxies of beans, or by an aspect in the methods themselves
 * @param order the order of the proxies' advice; {@link org.springframework.core.Ordered#HIGHEST_PRECEDENCE} is outermost
 */
record AdviceSettings(RateLimitSettings common, AdviceMode mode, int order) {}
