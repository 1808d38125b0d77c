package io.ratelimit.aop;

import java.lang.reflect.Method;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.springframework.core.KotlinDetector;
import org.springframework.core.ReactiveAdapter;
import org.springframework.core.ReactiveAdapterRegistry;
import org.springframework.core.ResolvableType;

/**
 * Determines the type of {@code #result}: the result of a method, or of its future or publisher, or the value inside of
 * its value class.
 */
final class SettledResultType {

    private SettledResultType() {}

    /** @throws InvalidRateLimitedException if the method has no result, or more than one */
    static ResolvableType of(AnnotationAttribute origin) {
        Method method = origin.method();
        ValueClass valueClass = KotlinSignature.of(method).returned();
        if (valueClass != null) {
            return ResolvableType.forClass(valueClass.inner());
        }
        ResolvableType type = KotlinDetector.isSuspendingFunction(method)
                ? ResolvableType.forType(SuspendFunction.returned(method, origin.targetClass()))
                : ResolvableType.forMethodReturnType(method, origin.targetClass());
        Class<?> raw = type.resolve(Object.class);
        boolean isStage = CompletionStage.class.isAssignableFrom(raw);
        ReactiveAdapter adapter =
                isStage ? null : ReactiveAdapterRegistry.getSharedInstance().getAdapter(raw);
        ResolvableType awaited = type;
        if (isStage) {
            awaited = type.as(CompletionStage.class).getGeneric();
        } else if (adapter != null) {
            awaited = type.getGeneric();
        }
        if (LaterResultAdapter.isStreamed(awaited)) {
            throw unsettled(origin, "streams its response");
        }
        ResolvableType brought = awaited == type ? LaterResultAdapter.produced(type) : awaited;
        boolean many = adapter != null && adapter.isMultiValue() || ReturnTypeAdapterSelector.isFlow(raw);
        if (many || isNothing(brought.resolve())) {
            throw unsettled(origin, "returns " + (many ? "more than one result" : "no result"));
        }
        return brought;
    }

    private static InvalidRateLimitedException unsettled(AnnotationAttribute origin, String reason) {
        return origin.invalid(
                "the method " + reason, "settle in the code, with RateLimiterRegistry.settle, or return what was used");
    }

    private static boolean isNothing(@Nullable Class<?> type) {
        return type == void.class
                || type == Void.class
                || type != null && type.getName().equals("kotlin.Unit");
    }
}
