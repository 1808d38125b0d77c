package io.ratelimit.aop;

import io.ratelimit.Decision;
import io.ratelimit.RateLimitExceededException;
import io.ratelimit.RateLimiters;
import io.ratelimit.aop.LimitedMethod.Claim;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.springframework.aop.ProxyMethodInvocation;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** Asks the limits of a method before each call: proceed, fall back, or fail. */
final class RateLimitInterceptor implements MethodInterceptor {

    private final RateLimitedMethods methods;
    private final Supplier<RateLimiters> limiters;
    private final Supplier<AdviceSettings> settings;

    RateLimitInterceptor(
            RateLimitedMethods methods, Supplier<RateLimiters> limiters, Supplier<AdviceSettings> settings) {
        this.methods = methods;
        this.limiters = limiters;
        this.settings = settings;
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
        return switch (limited.returns()) {
            case VALUE -> value(limited, invocation);
            case STAGE -> stage(limited, invocation);
            case MONO -> Reactive.mono(this, limited, invocation);
            case FLUX -> Reactive.flux(this, limited, invocation);
        };
    }

    private @Nullable Object value(LimitedMethod limited, MethodInvocation invocation) throws Throwable {
        Claim claim = claim(limited, invocation);
        return finish(claim, decide(claim), invocation);
    }

    private @Nullable Object stage(LimitedMethod limited, MethodInvocation invocation) throws Throwable {
        Claim claim;
        Decision decision;
        try {
            claim = claim(limited, invocation);
            decision = decide(claim);
            if (decision != null && !decision.admitted()) {
                return refuse(claim, decision);
            }
        } catch (Throwable ex) {
            return CompletableFuture.failedFuture(ex);
        }
        return invocation.proceed();
    }

    private Claim claim(LimitedMethod limited, MethodInvocation invocation) {
        Call call = new Call(invocation.getThis(), invocation.getMethod(), invocation.getArguments());
        return limited.claim(call, limiters.get(), settings.get());
    }

    /** Null if nothing is to be decided. */
    private @Nullable Decision decide(Claim claim) {
        return claim.charges().isEmpty() ? null : limiters.get().tryAcquire(claim.charges());
    }

    private static @Nullable Object finish(Claim claim, @Nullable Decision decision, MethodInvocation invocation)
            throws Throwable {
        return decision == null || decision.admitted() ? invocation.proceed() : refuse(claim, decision);
    }

    private static @Nullable Object refuse(Claim claim, Decision decision) throws Throwable {
        RateLimitExceededException refusal = new RateLimitExceededException(decision);
        Fallback fallback = claim.fallback(decision);
        if (fallback == null) {
            throw refusal;
        }
        return fallback.answer(claim.call().target(), claim.call().args(), refusal);
    }

    /** Loads only where a method returns a type of Reactor. */
    private static final class Reactive {

        static Mono<?> mono(RateLimitInterceptor interceptor, LimitedMethod limited, MethodInvocation invocation) {
            return Mono.defer(() -> decided(interceptor, limited, invocation).flatMap(outcome -> (Mono<?>) outcome));
        }

        static Flux<?> flux(RateLimitInterceptor interceptor, LimitedMethod limited, MethodInvocation invocation) {
            return Flux.defer(
                    () -> decided(interceptor, limited, invocation).flatMapMany(outcome -> (Publisher<?>) outcome));
        }

        /** What to subscribe to next: the method's own publisher, or the fallback's. Assembled anew for each subscription. */
        private static Mono<Object> decided(
                RateLimitInterceptor interceptor, LimitedMethod limited, MethodInvocation original) {
            MethodInvocation invocation = ((ProxyMethodInvocation) original).invocableClone();
            Claim claim = interceptor.claim(limited, invocation);
            if (claim.charges().isEmpty()) {
                return outcome(claim, null, invocation);
            }
            CompletableFuture<Decision> decision =
                    interceptor.limiters.get().tryAcquireAsync(claim.charges()).toCompletableFuture();
            if (decision.isDone()) {
                return Mono.fromFuture(decision).flatMap(known -> outcome(claim, known, invocation));
            }
            return Mono.fromFuture(decision, true)
                    .publishOn(Schedulers.boundedElastic())
                    .flatMap(known -> outcome(claim, known, invocation));
        }

        private static Mono<Object> outcome(Claim claim, @Nullable Decision decision, MethodInvocation invocation) {
            try {
                Object publisher = finish(claim, decision, invocation);
                return publisher == null
                        ? Mono.error(new IllegalStateException(invocation.getMethod() + " returned no publisher"))
                        : Mono.just(publisher);
            } catch (Throwable ex) {
                return Mono.error(ex);
            }
        }
    }
}
