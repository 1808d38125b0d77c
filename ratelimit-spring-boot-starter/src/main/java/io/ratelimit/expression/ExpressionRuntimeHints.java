package io.ratelimit.expression;

import org.jspecify.annotations.Nullable;
import org.springframework.aot.hint.MemberCategory;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;

/** Registers the type of {@code #root}, whose properties expressions read, for native images. */
final class ExpressionRuntimeHints implements RuntimeHintsRegistrar {

    @Override
    public void registerHints(RuntimeHints hints, @Nullable ClassLoader classLoader) {
        hints.reflection().registerType(CallSnapshot.class, MemberCategory.INVOKE_PUBLIC_METHODS);
    }
}
