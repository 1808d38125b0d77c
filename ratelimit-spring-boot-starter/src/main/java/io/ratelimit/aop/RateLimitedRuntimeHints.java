package io.ratelimit.aop;

import io.ratelimit.annotation.RateLimited;
import io.ratelimit.annotation.RateLimits;
import org.jspecify.annotations.Nullable;
import org.springframework.aot.hint.MemberCategory;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;

/** Registers the annotations for native images. */
final class RateLimitedRuntimeHints implements RuntimeHintsRegistrar {

    @Override
    public void registerHints(RuntimeHints hints, @Nullable ClassLoader classLoader) {
        hints.reflection()
                .registerType(RateLimited.class, MemberCategory.INVOKE_DECLARED_METHODS)
                .registerType(RateLimits.class, MemberCategory.INVOKE_DECLARED_METHODS);
    }
}
