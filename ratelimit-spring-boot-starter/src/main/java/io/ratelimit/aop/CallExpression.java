package io.ratelimit.aop;

import io.ratelimit.annotation.RateLimitedCall;
import org.jspecify.annotations.Nullable;

/** Reads a value off a call. */
@FunctionalInterface
interface CallExpression {

    @Nullable Object of(RateLimitedCall call);
}
