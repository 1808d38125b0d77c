package io.ratelimit.aop;

import io.ratelimit.Decision;
import io.ratelimit.RateLimiters;
import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;

/** An admitted call. Whichever way it ends, what it held is given back before its caller hears of it. */
record Admitted(MethodInvocation invocation, RateLimiters limiters, Decision decision) implements Outcome {

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
        limiters.release(decision);
    }

    @Override
    public void failed(Throwable failure) {
        limiters.release(decision);
    }

    @Override
    public void abandoned() {
        limiters.release(decision);
    }

    @Override
    public void dropped() {
        limiters.refund(decision);
    }
}
