package io.ratelimit.aop;

import io.ratelimit.Decision;
import io.ratelimit.RateLimiterRegistry;
import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;

/** An admitted call. Its leases are released before its caller gets the result, however the call ends. */
record AdmittedInvocation(MethodInvocation invocation, RateLimiterRegistry registry, Decision decision)
        implements DecidedInvocation {

    @Override
    public @Nullable Object run() throws Throwable {
        return invocation.proceed();
    }

    @Override
    public boolean isFollowed() {
        return decision.isLeased();
    }

    @Override
    public void succeeded(@Nullable Object result) {
        registry.release(decision);
    }

    @Override
    public void failed(Throwable failure) {
        registry.release(decision);
    }

    @Override
    public void abandoned() {
        registry.release(decision);
    }

    @Override
    public void dropped() {
        registry.refund(decision);
    }

    @Override
    public Runnable release() {
        RateLimiterRegistry all = registry;
        Decision held = decision;
        return () -> all.release(held);
    }
}
