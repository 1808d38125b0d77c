package io.ratelimit.aop;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import kotlin.Unit;
import kotlinx.coroutines.flow.Flow;
import kotlinx.coroutines.flow.FlowKt;
import kotlinx.coroutines.reactive.ReactiveFlowKt;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Kotlin's suspend functions and flows: decided on each call or collection. Loads only where coroutines are. */
final class CoroutineAdapter {

    private CoroutineAdapter() {}

    /**
     * A suspend function: to advice it returns a publisher, which the proxy awaits in the caller's coroutine.
     *
     * @param type what it returns to people
     */
    static ReturnTypeAdapter suspending(Class<?> type) {
        return ReactiveTypeAdapter.of(Flow.class.isAssignableFrom(type) ? Flux.class : Mono.class);
    }

    /** A flow: its function runs, and what it returns is collected, in the coroutine of each collector. */
    static ReturnTypeAdapter flow(AnnotationAttribute origin, Class<?> type) {
        if (type != Flow.class) {
            throw origin.invalid("a refusal cannot be the failure of a " + type.getName(), "return Flow");
        }
        return call -> FlowKt.flow((collector, continuation) -> collected(call).collect(collector, continuation));
    }

    /** Decides for one collector; what is decided and then not begun, because the collector is gone, is given back. */
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

    /** Runs what was decided; the one place that sees how it ends. */
    private static Flow<?> flow(RateLimitedInvocation call, DecidedInvocation decided) {
        try {
            Flow<?> begun = (Flow<?>) call.returned(decided.run());
            return decided.isFollowed() ? followed(begun, decided) : begun;
        } catch (Throwable ex) {
            decided.failed(ex);
            return ReactiveFlowKt.asFlow(Mono.error(ex));
        }
    }

    /** A retry is asked about only for what the flow itself throws, and not where its collector fails, is gone or has enough. */
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
