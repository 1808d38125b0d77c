package io.ratelimit.aop;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.RateLimitExceededException;
import io.ratelimit.RateLimiterRegistry;
import io.ratelimit.annotation.RateLimitedCall;
import io.ratelimit.aop.RateLimitedMethod.CallCharges;
import io.ratelimit.autoconfigure.RateLimitSettings;
import io.ratelimit.expression.CallSnapshot;
import java.lang.reflect.Method;
import java.util.concurrent.CompletableFuture;
import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.ProxyMethodInvocation;

/**
 * One call of a limited method, on its way through the limits. Where no limit has anything more to say, it is its own outcome:
 * it runs.
 */
record RateLimitedInvocation(RateLimitedMethod limited, MethodInvocation invocation, InvocationSettings shared)
        implements RateLimitedCall, DecidedInvocation {

    /**
     * What all calls of an application share.
     *
     * @param dispatcher where they go on if the decision comes late
     */
    record InvocationSettings(
            RateLimiterRegistry registry, RateLimitSettings settings, ContinuationDispatcher dispatcher) {}

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
    RateLimitedInvocation again() {
        MethodInvocation fresh =
                invocation instanceof ProxyMethodInvocation proxied ? proxied.invocableClone() : invocation;
        return new RateLimitedInvocation(limited, fresh, shared);
    }

    /** Decides, and blocks the thread while a remote store is asked, and while tokens are waited for. */
    DecidedInvocation decide() {
        return limited.specs().size() == 1 ? decide(limited.specs().get(0)) : decide(callCharges());
    }

    private CallCharges callCharges() {
        return limited.callCharges(this, shared.registry(), shared.settings());
    }

    private DecidedInvocation decide(RateLimitSpec only) {
        Charge charge = only.charge(this, shared.registry(), shared.settings());
        if (charge == null) {
            return this;
        }
        Decision decision = shared.registry().acquire(charge, only.maxWait(charge));
        return decision.admitted() && !decision.isLeased() && !only.settles()
                ? this
                : decided(CallCharges.of(only, charge), decision);
    }

    private DecidedInvocation decide(CallCharges callCharges) {
        return callCharges == CallCharges.NOTHING
                ? this
                : decided(callCharges, shared.registry().acquire(callCharges.charges(), callCharges.maxWait()));
    }

    /** Decides, and blocks the thread while a remote store is asked, but not while tokens are waited for. */
    CompletableFuture<DecidedInvocation> decideThenWait() {
        CallCharges callCharges = callCharges();
        return callCharges.maxWait().isZero()
                ? CompletableFuture.completedFuture(decide(callCharges))
                : dispatched(callCharges, shared.registry().reserve(callCharges.charges(), callCharges.maxWait()));
    }

    /** Decides without blocking. What is not known at once comes where the handover takes it. */
    CompletableFuture<DecidedInvocation> decideAsync() {
        CallCharges callCharges = callCharges();
        return callCharges == CallCharges.NOTHING
                ? CompletableFuture.completedFuture(this)
                : dispatched(callCharges, shared.registry().acquireAsync(callCharges.charges(), callCharges.maxWait()));
    }

    /** What nobody waits for any more when it is granted, nobody used. */
    private CompletableFuture<DecidedInvocation> dispatched(
            CallCharges callCharges, CompletableFuture<Decision> answer) {
        return shared.dispatcher()
                .dispatch(answer, decision -> decided(callCharges, decision), DecidedInvocation::dropped);
    }

    /** {@return what the method or its fallback returned, which is never null where it comes later} */
    Object returned(@Nullable Object result) {
        if (result == null) {
            throw new IllegalStateException(limited.name() + " returned null");
        }
        return result;
    }

    private DecidedInvocation decided(CallCharges callCharges, Decision decision) {
        if (!decision.admitted()) {
            return () -> refused(callCharges, decision);
        }
        AdmittedInvocation admitted = new AdmittedInvocation(invocation, shared.registry(), decision);
        return callCharges.settles() ? new SettledInvocation(admitted, callCharges, CallSnapshot.of(this)) : admitted;
    }

    private @Nullable Object refused(CallCharges callCharges, Decision decision) throws Throwable {
        RateLimitExceededException refusal = new RateLimitExceededException(decision);
        FallbackMethod fallback = callCharges.fallback(decision);
        if (fallback == null) {
            throw refusal;
        }
        Object target = invocation.getThis();
        return limited.suspending()
                ? fallback.published(target, invocation.getArguments(), refusal)
                : fallback.answer(target, invocation.getArguments(), refusal);
    }
}
