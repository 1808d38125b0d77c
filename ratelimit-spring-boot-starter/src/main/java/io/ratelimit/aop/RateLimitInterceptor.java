package io.ratelimit.aop;

import io.ratelimit.RateLimiters;
import java.util.function.Supplier;
import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;

/** Asks the limits of a method before each call: proceed, fall back, or fail. */
final class RateLimitInterceptor implements MethodInterceptor {

    private final RateLimitedMethods methods;
    private final Supplier<RateLimiters> limiters;
    private final Supplier<AdviceSettings> settings;
    private final Handover handover;

    RateLimitInterceptor(
            RateLimitedMethods methods,
            Supplier<RateLimiters> limiters,
            Supplier<AdviceSettings> settings,
            Handover handover) {
        this.methods = methods;
        this.limiters = limiters;
        this.settings = settings;
        this.handover = handover;
    }

    @Override
    public @Nullable Object invoke(MethodInvocation invocation) throws Throwable {
        AdviceSettings advice = settings.get();
        if (!advice.enabled()) {
            return invocation.proceed();
        }
        LimitedMethod limited = methods.find(invocation.getMethod(), invocation.getThis());
        if (limited == null) {
            return invocation.proceed();
        }
        return limited.returns().invoke(new LimitedCall(limited, invocation, false, limiters.get(), advice, handover));
    }
}
