package io.ratelimit.aop;

import io.ratelimit.aop.RateLimitedInvocation.InvocationSettings;
import java.util.function.Supplier;
import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;

/** Applies the limits of a method before each call: the call proceeds, falls back, or fails. */
final class RateLimitInterceptor implements MethodInterceptor {

    private final RateLimitedMethodRegistry methods;
    private final Supplier<AdviceSettings> settings;
    private final Supplier<InvocationSettings> shared;
    private volatile @Nullable InvocationSettings fetched;

    RateLimitInterceptor(
            RateLimitedMethodRegistry methods, Supplier<AdviceSettings> settings, Supplier<InvocationSettings> shared) {
        this.methods = methods;
        this.settings = settings;
        this.shared = shared;
    }

    @Override
    public @Nullable Object invoke(MethodInvocation invocation) throws Throwable {
        InvocationSettings known = fetched;
        InvocationSettings current = known != null ? known : fetch();
        if (current == null) {
            return invocation.proceed();
        }
        MethodAdvice limited = methods.find(invocation.getMethod(), invocation.getThis());
        return limited == null
                ? invocation.proceed()
                : limited.returnType().invoke(new RateLimitedInvocation(limited.method(), invocation, current));
    }

    /** Fetches what all calls share, on the first call; null if limiting is switched off. */
    private @Nullable InvocationSettings fetch() {
        InvocationSettings found = settings.get().common().enabled() ? shared.get() : null;
        fetched = found;
        return found;
    }
}
