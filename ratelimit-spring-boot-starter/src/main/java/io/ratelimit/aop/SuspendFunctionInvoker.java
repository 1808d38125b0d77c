package io.ratelimit.aop;

import java.lang.reflect.Method;
import java.util.Objects;
import kotlin.Unit;
import kotlin.coroutines.Continuation;
import kotlin.coroutines.CoroutineContext;
import kotlinx.coroutines.Job;
import kotlinx.coroutines.flow.Flow;
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
        CoroutineContext context = ((Continuation<?>) Objects.requireNonNull(continuation)).getContext();
        return CoroutinesUtils.invokeSuspendingFunction(context.minusKey(Job.Key), function, target, args);
    }

    /** {@return the result of a plain function as a publisher, as advice of suspend functions must return it} */
    static Publisher<?> published(@Nullable Object value) {
        if (value instanceof Flow<?> flow) {
            return ReactorFlowKt.asFlux(flow);
        }
        return Mono.justOrEmpty(value == Unit.INSTANCE ? null : value);
    }
}
