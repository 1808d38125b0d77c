package io.ratelimit.aop;

import io.ratelimit.aop.RateLimitedInvocation.InvocationSettings;
import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;

/** The advice of one limited method: its limits, and the adapter of its return type. */
record MethodAdvice(RateLimitedMethod method, ReturnTypeAdapter returnType) {

    /** Applies the limits to an invocation of the method. */
    @Nullable Object invoke(MethodInvocation invocation, InvocationSettings settings) throws Throwable {
        return returnType.invoke(new RateLimitedInvocation(method, invocation, settings));
    }
}
