package io.ratelimit.expression;

import io.ratelimit.annotation.RateLimitedCall;
import java.lang.reflect.Method;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A call of a limited method as expressions see it in {@code #root}.
 *
 * @param target the object whose method is called; null for a static method
 * @param method the called method
 * @param args the arguments in order
 */
public record CallSnapshot(
        @Nullable Object target, Method method, @Nullable Object[] args) implements RateLimitedCall {

    /**
     * Keeps the present arguments of a call, which an advice may replace later.
     *
     * @param call the call
     * @return its snapshot
     */
    public static CallSnapshot of(RateLimitedCall call) {
        return call instanceof CallSnapshot same ? same : new CallSnapshot(call.target(), call.method(), call.args());
    }

    /**
     * Appends the result of the call to its arguments.
     *
     * @param result what the method returned
     * @return the call with one more argument
     */
    public CallSnapshot withResult(@Nullable Object result) {
        @Nullable Object[] all = Arrays.copyOf(args, args.length + 1);
        all[args.length] = result;
        return new CallSnapshot(target, method, all);
    }
}
