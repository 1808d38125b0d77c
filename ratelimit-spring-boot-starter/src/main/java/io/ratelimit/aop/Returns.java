package io.ratelimit.aop;

import java.lang.reflect.Method;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.reactivestreams.Publisher;
import org.springframework.core.KotlinDetector;
import org.springframework.util.ClassUtils;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** What a limited method gives back, which says when its call is decided and where a refusal goes. */
enum Returns {

    /** A value, or nothing: decided at once, a refusal is thrown. */
    VALUE,

    /** A {@link CompletionStage}: decided at once, a refusal is a failed one. */
    STAGE,

    /** A {@code Mono}: decided on each subscription, a refusal is an error signal. */
    MONO,

    /** A {@code Flux}: decided on each subscription, a refusal is an error signal. */
    FLUX;

    private static final boolean REACTOR_PRESENT =
            ClassUtils.isPresent("reactor.core.publisher.Mono", Returns.class.getClassLoader());

    /** @throws InvalidRateLimitedException if a refusal cannot be given back in this way */
    static Returns of(Site site) {
        Method method = site.method();
        Class<?> type = method.getReturnType();
        if (KotlinDetector.isSuspendingFunction(method) || type.getName().equals("kotlinx.coroutines.flow.Flow")) {
            throw site.invalid(
                    "suspend functions and flows cannot be limited",
                    "limit a function that returns a value, a CompletionStage, a Mono or a Flux");
        }
        if (CompletionStage.class.isAssignableFrom(type)) {
            if (type.isAssignableFrom(CompletableFuture.class)) {
                return STAGE;
            }
            throw site.invalid(
                    "a refusal cannot be a failed " + type.getName(), "return CompletionStage or CompletableFuture");
        }
        return REACTOR_PRESENT ? Reactive.of(site, type) : VALUE;
    }

    /** Loads only where Reactor is. */
    private static final class Reactive {

        static Returns of(Site site, Class<?> type) {
            if (!Publisher.class.isAssignableFrom(type)) {
                return VALUE;
            }
            if (type == Mono.class) {
                return MONO;
            }
            if (type.isAssignableFrom(Flux.class)) {
                return FLUX;
            }
            throw site.invalid("a refusal cannot be the error signal of a " + type.getName(), "return Mono or Flux");
        }
    }
}
