package io.ratelimit.aop;

import io.ratelimit.annotation.RateLimitedCall;
import java.lang.reflect.Method;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** One call of a limited method as expressions see it in {@code #root}. */
record CallSnapshot(
        @Nullable Object target, Method method, @Nullable Object[] args) implements RateLimitedCall {

    /** {@return a call as it is now, whatever becomes of its arguments} */
    static CallSnapshot of(RateLimitedCall call) {
        return call instanceof CallSnapshot same ? same : new CallSnapshot(call.target(), call.method(), call.args());
    }

    /** This call with what it gave back behind its arguments. */
    CallSnapshot withResult(@Nullable Object result) {
        @Nullable Object[] all = Arrays.copyOf(args, args.length + 1);
        all[args.length] = result;
        return new CallSnapshot(target, method, all);
    }
}
