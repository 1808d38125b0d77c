package io.ratelimit.aop;

import java.lang.reflect.Method;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.springframework.core.KotlinDetector;
import org.springframework.util.ClassUtils;

/**
 * Selects the adapter for the return type of a limited method. Adapters for optional libraries are used only if the
 * library is on the class path.
 */
final class ReturnTypeAdapterSelector {

    private static final boolean REACTOR = isPresent("reactor.core.publisher.Mono");
    private static final @Nullable Class<?> FLOW = isPresent("kotlinx.coroutines.flow.Flow")
            ? ClassUtils.resolveClassName(
                    "kotlinx.coroutines.flow.Flow", ReturnTypeAdapterSelector.class.getClassLoader())
            : null;
    private static final boolean COROUTINES =
            REACTOR && isPresent("kotlinx.coroutines.reactor.MonoKt") && KotlinDetector.isKotlinReflectPresent();

    private ReturnTypeAdapterSelector() {}

    /** @throws InvalidRateLimitedException if a rejection cannot be returned as the type of the method */
    static ReturnTypeAdapter select(AnnotationAttribute origin) {
        Method method = origin.method();
        Class<?> type = method.getReturnType();
        boolean flow = isFlow(type);
        if ((flow || KotlinDetector.isSuspendingFunction(method)) && !COROUTINES) {
            throw origin.invalid(
                    "suspend functions and flows are limited through Reactor, which is not on the class path",
                    "add org.jetbrains.kotlinx:kotlinx-coroutines-reactor and org.jetbrains.kotlin:kotlin-reflect");
        }
        if (KotlinDetector.isSuspendingFunction(method)) {
            return CoroutineAdapter.suspending(SuspendFunction.returned(method, origin.targetClass()));
        }
        if (flow) {
            return CoroutineAdapter.flow(origin, type);
        }
        if (CompletionStage.class.isAssignableFrom(type)) {
            if (type.isAssignableFrom(CompletableFuture.class)) {
                return CompletionStageAdapter.INSTANCE;
            }
            throw origin.invalid(
                    "a rejection cannot be a failed " + type.getName(), "return CompletionStage or CompletableFuture");
        }
        ReturnTypeAdapter publisher = REACTOR ? ReactiveTypeAdapter.find(origin, type) : null;
        if (publisher != null) {
            return publisher;
        }
        ReturnTypeAdapter later = LaterResultAdapter.find(origin, type);
        return later == null ? ValueAdapter.INSTANCE : later;
    }

    static boolean isFlow(Class<?> type) {
        return FLOW != null && FLOW.isAssignableFrom(type);
    }

    private static boolean isPresent(String type) {
        return ClassUtils.isPresent(type, ReturnTypeAdapterSelector.class.getClassLoader());
    }
}
