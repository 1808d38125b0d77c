package io.ratelimit.aop;

import io.ratelimit.annotation.NotRateLimited;
import io.ratelimit.annotation.RateLimited;
import io.ratelimit.annotation.RateLimits;
import org.jspecify.annotations.Nullable;
import org.springframework.aot.hint.MemberCategory;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;

/** Registers the annotations, and the types that are looked up by their names, for native images. */
final class RateLimitedRuntimeHints implements RuntimeHintsRegistrar {

    @Override
    public void registerHints(RuntimeHints hints, @Nullable ClassLoader classLoader) {
        hints.reflection()
                .registerType(NotRateLimited.class, MemberCategory.INVOKE_DECLARED_METHODS)
                .registerType(RateLimited.class, MemberCategory.INVOKE_DECLARED_METHODS)
                .registerType(RateLimits.class, MemberCategory.INVOKE_DECLARED_METHODS)
                .registerTypeIfPresent(classLoader, MethodSecurityAdvisors.ADVISOR)
                .registerTypeIfPresent(classLoader, MethodSecurityAdvisors.REACTIVE_CONFIGURATION);
    }
}
