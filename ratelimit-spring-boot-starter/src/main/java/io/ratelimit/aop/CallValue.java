package io.ratelimit.aop;

import org.jspecify.annotations.Nullable;

/** Reads a value off a call. */
@FunctionalInterface
interface CallValue {

    @Nullable Object of(Call call);
}
