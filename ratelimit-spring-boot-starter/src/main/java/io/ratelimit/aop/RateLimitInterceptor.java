package io.ratelimit.aop;

import java.util.function.Supplier;
import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;

/** Applies the limits of a method before each call: the call proceeds, falls back, or fails. */
final class RateLimitInterceptor implements MethodInterceptor {

    private final RateLimitedMethodRegistry methods;
    private final Supplier<AdviceSettings> settings;
    private final Supplier<RateLimitedInvocation.InvocationSettings> shared;

    RateLimitInterceptor(
            RateLimitedMethodRegistry methods,
            Supplier<AdviceSettings> settings,
            Supplier<RateLimitedInvocation.InvocationSettings> shared) {
        this.methods = methods;
        this.settings = settings;
        this.shared = shared;
    }

    @Override
    public @Nullable Object invoke(MethodInvocation invocation) throws Throwable {
        if (!settings.get().common().enabled()) {
            return invocation.proceed();
        }
        MethodAdvice limited = methods.find(invocation.getMethod(), invocation.getThis());
        if (limited == null) {
            return invocation.proceed();
        }
        return limited.invoke(invocation, shared.get());
    }
}
