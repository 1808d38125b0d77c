package io.ratelimit.aop;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import kotlin.Unit;
import kotlinx.coroutines.flow.Flow;
import kotlinx.coroutines.flow.FlowKt;
import kotlinx.coroutines.reactive.ReactiveFlowKt;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Adapts Kotlin suspend functions and flows. A function is decided on each call, and a flow on each collection. Loaded
 * only if coroutines are on the class path.
 */
final class CoroutineAdapter {

    private CoroutineAdapter() {}

    /**
     * Adapts a suspend function. Advice sees a publisher as its result, which the proxy awaits in the coroutine of the
     * caller.
     *
     * @param type the declared result type of the function
     */
    static ReturnTypeAdapter suspending(Class<?> type) {
        return ReactiveTypeAdapter.of(Flow.class.isAssignableFrom(type) ? Flux.class : Mono.class);
    }

    /**
     * Adapts a function that returns a flow. The function runs once for each collector, in the coroutine of that
     * collector, and its flow is collected there.
     */
    static ReturnTypeAdapter flow(AnnotationAttribute origin, Class<?> type) {
        if (type != Flow.class) {
            throw origin.invalid("a rejection cannot be the failure of a " + type.getName(), "return Flow");
        }
        return call -> FlowKt.flow((collector, continuation) -> collected(call).collect(collector, continuation));
    }

    /** Decides for one collector. A grant is refunded if the collection ends before the method runs. */
    private static Flow<?> collected(RateLimitedInvocation call) {
        CompletableFuture<DecidedInvocation> decision = call.again().decideAsync();
        AtomicBoolean begun = new AtomicBoolean();
        Flow<?> result =
                FlowKt.flatMapConcat(ReactiveFlowKt.asFlow(Mono.fromFuture(decision)), (decided, continuation) -> {
                    begun.set(true);
                    return flow(call, decided);
                });
        return FlowKt.onCompletion(result, (collector, failure, continuation) -> {
            if (!begun.get() && !decision.cancel(true)) {
                decision.thenAccept(DecidedInvocation::dropped);
            }
            return Unit.INSTANCE;
        });
    }

    /** Runs the method or its fallback, and reports the outcome of the flow. */
    private static Flow<?> flow(RateLimitedInvocation call, DecidedInvocation decided) {
        try {
            Flow<?> begun = (Flow<?>) call.returned(decided.run());
            return decided.isFollowed() ? followed(begun, decided) : begun;
        } catch (Throwable ex) {
            decided.failed(ex);
            return ReactiveFlowKt.asFlow(Mono.error(ex));
        }
    }

    /**
     * Reports failures in {@code retryWhen}, which only gets failures of the flow itself, not of its collector.
     */
    private static <T> Flow<T> followed(Flow<T> begun, DecidedInvocation decided) {
        Flow<T> failing = FlowKt.retryWhen(begun, (collector, failure, attempt, continuation) -> {
            decided.failed(failure);
            return false;
        });
        return FlowKt.onCompletion(failing, (collector, failure, continuation) -> {
            if (failure == null) {
                decided.succeeded(null);
            } else {
                decided.abandoned();
            }
            return Unit.INSTANCE;
        });
    }
}
