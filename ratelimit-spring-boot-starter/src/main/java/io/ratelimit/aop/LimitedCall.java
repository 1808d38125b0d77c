package io.ratelimit.aop;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.RateLimitExceededException;
import io.ratelimit.RateLimiters;
import io.ratelimit.annotation.RateLimitedCall;
import io.ratelimit.aop.LimitedMethod.Claim;
import java.lang.reflect.Method;
import java.util.concurrent.CompletableFuture;
import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.ProxyMethodInvocation;

/**
 * One call of a limited method, on its way through the limits. Where no limit has anything more to say, it is its own outcome:
 * it runs.
 */
record LimitedCall(LimitedMethod limited, MethodInvocation invocation, Shared shared)
        implements RateLimitedCall, Outcome {

    /**
     * What all calls of an application share.
     *
     * @param handover where they go on if the decision comes late
     */
    record Shared(RateLimiters limiters, AdviceSettings settings, Handover handover) {}

    @Override
    public @Nullable Object target() {
        return invocation.getThis();
    }

    @Override
    public Method method() {
        return invocation.getMethod();
    }

    @Override
    public @Nullable Object[] args() {
        @Nullable Object[] all = invocation.getArguments();
        return limited.suspending() ? SuspendFunction.arguments(all) : all;
    }

    @Override
    public @Nullable Object run() throws Throwable {
        return invocation.proceed();
    }

    /** {@return the call anew, for one of several subscribers: inner advice runs for each of them} */
    LimitedCall again() {
        MethodInvocation fresh =
                invocation instanceof ProxyMethodInvocation proxied ? proxied.invocableClone() : invocation;
        return new LimitedCall(limited, fresh, shared);
    }

    /** Decides, and blocks the thread while a remote store is asked, and while tokens are waited for. */
    Outcome decide() {
        return limited.rules().size() == 1 ? decide(limited.rules().get(0)) : decide(limited.claim(this));
    }

    private Outcome decide(Rule only) {
        Charge charge = only.charge(this);
        if (charge == null) {
            return this;
        }
        Decision decision = shared.limiters().acquire(charge, only.maxWait(charge));
        return decision.admitted() && !decision.isLeased() && !only.settles()
                ? this
                : outcome(Claim.of(only, charge), decision);
    }

    private Outcome decide(Claim claim) {
        return claim == Claim.NOTHING
                ? this
                : outcome(claim, shared.limiters().acquire(claim.charges(), claim.maxWait()));
    }

    /** Decides, and blocks the thread while a remote store is asked, but not while tokens are waited for. */
    CompletableFuture<Outcome> decideThenWait() {
        Claim claim = limited.claim(this);
        return claim.maxWait().isZero()
                ? CompletableFuture.completedFuture(decide(claim))
                : handedOver(claim, shared.limiters().reserve(claim.charges(), claim.maxWait()));
    }

    /** Decides without blocking. What is not known at once comes where the handover takes it. */
    CompletableFuture<Outcome> decideAsync() {
        Claim claim = limited.claim(this);
        return claim == Claim.NOTHING
                ? CompletableFuture.completedFuture(this)
                : handedOver(claim, shared.limiters().acquireAsync(claim.charges(), claim.maxWait()));
    }

    /** What nobody waits for any more when it is granted, nobody used. */
    private CompletableFuture<Outcome> handedOver(Claim claim, CompletableFuture<Decision> answer) {
        return shared.handover().of(answer, decision -> outcome(claim, decision), Outcome::dropped);
    }

    /** {@return what the method or its fallback returned, which is never null where it comes later} */
    Object returned(@Nullable Object result) {
        if (result == null) {
            throw new IllegalStateException(limited.name() + " returned null");
        }
        return result;
    }

    private Outcome outcome(Claim claim, Decision decision) {
        if (!decision.admitted()) {
            return () -> refused(claim, decision);
        }
        Admitted admitted = new Admitted(invocation, shared.limiters(), decision);
        return claim.settles() ? new Settling(admitted, claim, Call.of(this)) : admitted;
    }

    private @Nullable Object refused(Claim claim, Decision decision) throws Throwable {
        RateLimitExceededException refusal = new RateLimitExceededException(decision);
        Fallback fallback = claim.fallback(decision);
        if (fallback == null) {
            throw refusal;
        }
        Object target = invocation.getThis();
        return limited.suspending()
                ? fallback.published(target, invocation.getArguments(), refusal)
                : fallback.answer(target, invocation.getArguments(), refusal);
    }
}
