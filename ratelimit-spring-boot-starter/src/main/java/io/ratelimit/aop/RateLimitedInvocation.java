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
 * A call of a limited method. If no limit applies, or if the call is admitted and its outcome need not be reported,
 * this object is also the decided call, and only proceeds.
 */
record RateLimitedInvocation(RateLimitedMethod limited, MethodInvocation invocation, InvocationSettings shared)
        implements RateLimitedCall, DecidedInvocation {

    /**
     * The objects that all calls of an application share.
     *
     * @param dispatcher continues calls whose decision comes late
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

    /** Runs the method alone, because there is nothing to report. */
    @Override
    public @Nullable Object runToEnd() throws Throwable {
        return invocation.proceed();
    }

    /** {@return a copy of the call for one of several subscribers, so that inner advice runs for each subscriber} */
    RateLimitedInvocation again() {
        MethodInvocation fresh =
                invocation instanceof ProxyMethodInvocation proxied ? proxied.invocableClone() : invocation;
        return new RateLimitedInvocation(limited, fresh, shared);
    }

    /** Decides. Blocks the thread while a remote store is asked, and while the call waits for tokens. */
    DecidedInvocation decide() {
        return limited.specs().size() == 1 ? decide(limited.specs().get(0)) : decide(callCharges());
    }

    private CallCharges callCharges() {
        return limited.callCharges(this, shared.registry(), shared.settings());
    }

    /** Decides a call with one limit. The most frequent call, which is admitted and not followed, allocates least. */
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

    /** Decides. Blocks the thread while a remote store is asked, but not while the call waits for tokens. */
    CompletableFuture<DecidedInvocation> decideThenWait() {
        CallCharges callCharges = callCharges();
        return callCharges.maxWait().isZero()
                ? CompletableFuture.completedFuture(decide(callCharges))
                : dispatched(callCharges, shared.registry().reserve(callCharges.charges(), callCharges.maxWait()));
    }

    /** Decides without blocking. A late decision completes the future on the executor of the dispatcher. */
    CompletableFuture<DecidedInvocation> decideAsync() {
        CallCharges callCharges = callCharges();
        return callCharges == CallCharges.NOTHING
                ? CompletableFuture.completedFuture(this)
                : dispatched(callCharges, shared.registry().acquireAsync(callCharges.charges(), callCharges.maxWait()));
    }

    /** Dispatches a decision. A grant is refunded if the caller has cancelled before it arrives. */
    private CompletableFuture<DecidedInvocation> dispatched(
            CallCharges callCharges, CompletableFuture<Decision> answer) {
        return shared.dispatcher()
                .dispatch(answer, decision -> decided(callCharges, decision), DecidedInvocation::dropped);
    }

    /** {@return the result of the method or its fallback, which must not be null if it completes later} */
    Object returned(@Nullable Object result) {
        if (result == null) {
            throw new IllegalStateException(limited.name() + " returned null");
        }
        return result;
    }

    private DecidedInvocation decided(CallCharges callCharges, Decision decision) {
        if (!decision.admitted()) {
            return () -> rejected(callCharges, decision);
        }
        AdmittedInvocation admitted = new AdmittedInvocation(invocation, shared.registry(), decision);
        return callCharges.settles()
                ? new SettledInvocation(admitted, callCharges, CallSnapshot.of(this), limited.name())
                : admitted;
    }

    private @Nullable Object rejected(CallCharges callCharges, Decision decision) throws Throwable {
        RateLimitExceededException rejection = new RateLimitExceededException(decision);
        FallbackMethod fallback = callCharges.fallback(decision);
        if (fallback == null) {
            throw rejection;
        }
        Object target = invocation.getThis();
        return limited.suspending()
                ? fallback.published(target, invocation.getArguments(), rejection)
                : fallback.answer(target, invocation.getArguments(), rejection);
    }
}
