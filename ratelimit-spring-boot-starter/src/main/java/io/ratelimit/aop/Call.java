package io.ratelimit.aop;

import java.lang.reflect.Method;
import org.jspecify.annotations.Nullable;

/** One call of a limited method: what expressions see as {@code #root}. */
record Call(
        @Nullable Object target, Method method, @Nullable Object[] args) {}
