package io.ratelimit.aop;

import java.util.function.Supplier;
import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;

/** Asks the limits of a method before each call: proceed, fall back, or fail. */
final class RateLimitInterceptor implements MethodInterceptor {

    private final RateLimitedMethods methods;
    private final Supplier<AdviceSettings> settings;
    private final Supplier<LimitedCall.Shared> shared;

    RateLimitInterceptor(
            RateLimitedMethods methods, Supplier<AdviceSettings> settings, Supplier<LimitedCall.Shared> shared) {
        this.methods = methods;
        this.settings = settings;
        this.shared = shared;
    }

    @Override
    public @Nullable Object invoke(MethodInvocation invocation) throws Throwable {
        if (!settings.get().enabled()) {
            return invocation.proceed();
        }
        LimitedMethod limited = methods.find(invocation.getMethod(), invocation.getThis());
        if (limited == null) {
            return invocation.proceed();
        }
        return limited.returns().invoke(new LimitedCall(limited, invocation, shared.get()));
    }
}
