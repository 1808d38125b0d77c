package io.ratelimit.aop;

import io.ratelimit.Decision;
import io.ratelimit.RateLimitExceededException;
import io.ratelimit.RateLimiters;
import io.ratelimit.aop.LimitedMethod.Claim;
import java.util.concurrent.CompletableFuture;
import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.ProxyMethodInvocation;

/**
 * One call of a limited method, on its way through the limits.
 *
 * @param suspending whether the last argument is a continuation, which nobody sees
 * @param handover where it goes on if the decision comes late
 */
record LimitedCall(
        LimitedMethod method,
        MethodInvocation invocation,
        boolean suspending,
        RateLimiters limiters,
        AdviceSettings settings,
        Handover handover) {

    LimitedCall ofSuspendFunction() {
        return new LimitedCall(method, invocation, true, limiters, settings, handover);
    }

    /** {@return the call anew, for one of several subscribers: inner advice runs for each of them} */
    LimitedCall again() {
        MethodInvocation fresh =
                invocation instanceof ProxyMethodInvocation proxied ? proxied.invocableClone() : invocation;
        return new LimitedCall(method, fresh, suspending, limiters, settings, handover);
    }

    /** Decides, and blocks the thread while a remote store is asked, and while tokens are waited for. */
    Outcome decide() {
        return decide(claim());
    }

    private Outcome decide(Claim claim) {
        if (claim.charges().isEmpty()) {
            return invocation::proceed;
        }
        return outcome(
                claim,
                claim.maxWait().isZero()
                        ? limiters.tryAcquire(claim.charges())
                        : limiters.acquire(claim.charges(), claim.maxWait()));
    }

    /** Decides, and blocks the thread while a remote store is asked, but not while tokens are waited for. */
    CompletableFuture<Outcome> decideThenWait() {
        Claim claim = claim();
        return claim.maxWait().isZero() || claim.charges().isEmpty()
                ? CompletableFuture.completedFuture(decide(claim))
                : handedOver(claim, limiters.reserve(claim.charges(), claim.maxWait()));
    }

    /** Decides without blocking. What is not known at once comes where the handover takes it. */
    CompletableFuture<Outcome> decideAsync() {
        Claim claim = claim();
        return claim.charges().isEmpty()
                ? CompletableFuture.completedFuture(invocation::proceed)
                : handedOver(claim, limiters.acquireAsync(claim.charges(), claim.maxWait()));
    }

    /** What nobody waits for any more when it is granted, nobody used. */
    private CompletableFuture<Outcome> handedOver(Claim claim, CompletableFuture<Decision> answer) {
        return handover.of(answer, decision -> outcome(claim, decision), Outcome::dropped);
    }

    /** {@return what the method or its fallback returned, which is never null where it comes later} */
    Object returned(@Nullable Object result) {
        if (result == null) {
            throw new IllegalStateException(method.name() + " returned null");
        }
        return result;
    }

    private Claim claim() {
        @Nullable Object[] args = suspending ? SuspendFunction.arguments(invocation.getArguments()) : invocation.getArguments();
        return method.claim(new Call(invocation.getThis(), invocation.getMethod(), args), limiters, settings);
    }

    private Outcome outcome(Claim claim, Decision decision) {
        if (!decision.admitted()) {
            return () -> refused(claim, decision);
        }
        Admitted admitted = new Admitted(invocation, limiters, decision);
        return claim.settles() ? new Settling(admitted, claim) : admitted;
    }

    private @Nullable Object refused(Claim claim, Decision decision) throws Throwable {
        RateLimitExceededException refusal = new RateLimitExceededException(decision);
        Fallback fallback = claim.fallback(decision);
        if (fallback == null) {
            throw refusal;
        }
        Object target = invocation.getThis();
        return suspending
                ? fallback.published(target, invocation.getArguments(), refusal)
                : fallback.answer(target, invocation.getArguments(), refusal);
    }
}
