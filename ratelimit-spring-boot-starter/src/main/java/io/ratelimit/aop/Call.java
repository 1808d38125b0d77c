package io.ratelimit.aop;

import io.ratelimit.annotation.RateLimitedCall;
import java.lang.reflect.Method;
import org.jspecify.annotations.Nullable;

/** One call of a limited method: what resolvers get, and what expressions see as {@code #root}. */
record Call(
        @Nullable Object target, Method method, @Nullable Object[] args) implements RateLimitedCall {}
