package io.ratelimit.aop;

import org.jspecify.annotations.Nullable;

/** Adapts methods that return plain values and {@code void}: a call is decided at once, and a rejection is thrown. */
final class ValueAdapter implements ReturnTypeAdapter {

    static final ReturnTypeAdapter INSTANCE = new ValueAdapter();

    private ValueAdapter() {}

    @Override
    public @Nullable Object invoke(RateLimitedInvocation call) throws Throwable {
        return call.decide().runToEnd();
    }
}
