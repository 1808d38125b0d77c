package io.ratelimit.aop;

import java.lang.reflect.Method;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.springframework.core.KotlinDetector;
import org.springframework.util.ClassUtils;

/** How a limited method gives back what it returns, which says when its call is decided and where a refusal goes. */
@FunctionalInterface
interface ReturnTypeAdapter {

    /** A value, or nothing: decided at once, and a refusal is thrown. */
    ReturnTypeAdapter VALUE = call -> call.decide().runToEnd();

    /** Gives back what the caller of the method gets. */
    @Nullable Object invoke(RateLimitedInvocation call) throws Throwable;

    /** @throws InvalidRateLimitedException if a refusal cannot be given back in the way that a method returns */
    static ReturnTypeAdapter of(AnnotationAttribute origin) {
        Method method = origin.method();
        Class<?> type = method.getReturnType();
        boolean flow = ReturnTypeSupport.isFlow(type);
        if ((flow || KotlinDetector.isSuspendingFunction(method)) && !ReturnTypeSupport.COROUTINES) {
            throw origin.invalid(
                    "suspend functions and flows are limited by way of Reactor, which is not there",
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
                    "a refusal cannot be a failed " + type.getName(), "return CompletionStage or CompletableFuture");
        }
        ReturnTypeAdapter publisher = ReturnTypeSupport.REACTOR ? ReactiveTypeAdapter.find(origin, type) : null;
        return publisher == null ? VALUE : publisher;
    }

    /** Which of the optional ones are there. */
    final class ReturnTypeSupport {

        private static final boolean REACTOR = isPresent("reactor.core.publisher.Mono");
        private static final @Nullable Class<?> FLOW = isPresent("kotlinx.coroutines.flow.Flow")
                ? ClassUtils.resolveClassName("kotlinx.coroutines.flow.Flow", ReturnTypeAdapter.class.getClassLoader())
                : null;
        private static final boolean COROUTINES =
                REACTOR && isPresent("kotlinx.coroutines.reactor.MonoKt") && KotlinDetector.isKotlinReflectPresent();

        private ReturnTypeSupport() {}

        static boolean isFlow(Class<?> type) {
            return FLOW != null && FLOW.isAssignableFrom(type);
        }

        private static boolean isPresent(String type) {
            return ClassUtils.isPresent(type, ReturnTypeAdapter.class.getClassLoader());
        }
    }
}
