package io.ratelimit.aop;

import io.ratelimit.autoconfigure.InvalidRateLimitPropertyException;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.context.annotation.AdviceMode;
import org.springframework.core.Ordered;
import org.springframework.util.ClassUtils;

/**
 * The properties of the advice of annotated methods.
 *
 * @param mode How annotated methods are advised: by proxies of beans, or by an aspect that AspectJ weaves into the
 *     methods.
 * @param order Order of the proxies' advice: a number, or "first" for before all other advice. By default it is applied
 *     after method security and before transactions and caching: 700 plus the offset of @EnableMethodSecurity.
 * @param ineffective Reaction at start-up to an annotation that has no effect, for example because its method is final.
 */
@ConfigurationProperties(AopProperties.PREFIX)
record AopProperties(
        @DefaultValue("proxy") AdviceMode mode,
        @Nullable String order,
        @DefaultValue("fail") IneffectivePolicy ineffective) {

    static final String PREFIX = "ratelimit.aop";

    private static final String FIRST = "first";

    private static final boolean ASPECTJ_PRESENT =
            ClassUtils.isPresent("org.aspectj.lang.ProceedingJoinPoint", AopProperties.class.getClassLoader());

    AopProperties {
        if (mode == AdviceMode.ASPECTJ && !ASPECTJ_PRESENT) {
            throw new InvalidRateLimitPropertyException(
                    PREFIX + ".mode",
                    "aspectj",
                    "AspectJ is not on the class path",
                    "add spring-boot-starter-aspectj, or use proxy");
        }
        number(order);
    }

    /** {@return the order as a number; null for the order behind method security} */
    @Nullable Integer orderNumber() {
        return number(order);
    }

    private static @Nullable Integer number(@Nullable String order) {
        if (order == null || order.isBlank()) {
            return null;
        }
        if (order.strip().equalsIgnoreCase(FIRST)) {
            return Ordered.HIGHEST_PRECEDENCE;
        }
        try {
            return Integer.valueOf(order.strip());
        } catch (NumberFormatException ex) {
            throw new InvalidRateLimitPropertyException(
                    PREFIX + ".order",
                    order,
                    "is neither an integer nor \"first\"",
                    "use a number such as 700, where lower is applied earlier, or first");
        }
    }
}
