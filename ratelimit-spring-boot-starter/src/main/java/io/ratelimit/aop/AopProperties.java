package io.ratelimit.aop;

import io.ratelimit.autoconfigure.InvalidRateLimitPropertyException;
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
 * @param order Order of the proxies' advice. By default it is applied first, before security, transactions and
 *     caching.
 */
@ConfigurationProperties(AopProperties.PREFIX)
record AopProperties(
        @DefaultValue("proxy") AdviceMode mode,
        @DefaultValue("" + Ordered.HIGHEST_PRECEDENCE) int order) {

    static final String PREFIX = "ratelimit.aop";

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
    }
}
