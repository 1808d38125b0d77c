package io.ratelimit.aop;

import io.ratelimit.autoconfigure.RateLimitSettings;
import org.springframework.context.annotation.AdviceMode;

/**
 * The settings of the advice of annotated methods.
 *
 * @param common the settings of all limited calls
 * @param mode whether proxies of beans or an aspect in the methods apply the limits
 * @param order the order of the proxies' advice; {@link org.springframework.core.Ordered#HIGHEST_PRECEDENCE} is
 *     outermost
 */
record AdviceSettings(RateLimitSettings common, AdviceMode mode, int order) {}
