package io.ratelimit.aop;

import io.ratelimit.autoconfigure.RateLimitSettings;
import org.jspecify.annotations.Nullable;
import org.springframework.context.annotation.AdviceMode;

/**
 * The settings of the advice of annotated methods.
 *
 * @param common the settings of all limited calls
 * @param mode whether proxies of beans or an aspect in the methods apply the limits
 * @param order the order of the proxies' advice; {@link org.springframework.core.Ordered#HIGHEST_PRECEDENCE} is
 *     outermost; null for the order behind method security
 * @param ineffective the reaction to annotations that have no effect
 */
record AdviceSettings(
        RateLimitSettings common, AdviceMode mode, @Nullable Integer order, IneffectivePolicy ineffective) {}
