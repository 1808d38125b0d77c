package io.ratelimit.aop;

import java.lang.reflect.Method;
import java.util.Objects;
import kotlin.Unit;
import kotlin.coroutines.Continuation;
import kotlin.coroutines.CoroutineContext;
import kotlinx.coroutines.Job;
import kotlinx.coroutines.flow.Flow;
import kotlinx.coroutines.reactor.MonoKt;
import kotlinx.coroutines.reactor.ReactorFlowKt;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.springframework.core.CoroutinesUtils;
import reactor.core.publisher.Mono;

/** Invokes the fallbacks of suspend functions. Loaded only if coroutines are on the class path. */
final class SuspendFunctionInvoker {

    private SuspendFunctionInvoker() {}

    /** {@return the result of a suspend function that runs in the coroutine of a continuation} */
    static Publisher<?> invoke(
            Method function, @Nullable Object target, @Nullable Object[] args, @Nullable Object continuation) {
        return CoroutinesUtils.invokeSuspendingFunction(context(continuation), function, target, args);
    }

    /**
     * Returns an instance of a value class as a publisher. It is dispatched like the result of a suspend function,
     * because only a caller that is resumed expects an instance: one that does not suspend expects the value inside.
     */
    static Publisher<?> dispatched(@Nullable Object instance, @Nullable Object continuation) {
        return MonoKt.mono(context(continuation), (scope, inner) -> instance);
    }

    private static CoroutineContext context(@Nullable Object continuation) {
        return ((Continuation<?>) Objects.requireNonNull(continuation))
                .getContext()
                .minusKey(Job.Key);
    }

    /** {@return the result of a plain function as a publisher, as advice of suspend functions must return it} */
    static Publisher<?> published(@Nullable Object value) {
        if (value instanceof Flow<?> flow) {
            return ReactorFlowKt.asFlux(flow);
        }
        return Mono.justOrEmpty(value == Unit.INSTANCE ? null : value);
    }
}
