package io.ratelimit.aop;

import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.core.ResolvableType;
import org.springframework.util.ClassUtils;

/**
 * Adapts methods whose result is produced after they return, by a {@link Callable} or by Spring MVC. A call is decided
 * when the method is called. In a request an admitted call ends with the response. Elsewhere it ends when the
 * {@code Callable} has run.
 *
 * @param method the name of the method
 * @param type its return type
 * @param warned whether a call outside of a request was logged already
 */
record LaterResultAdapter(String method, Class<?> type, AtomicBoolean warned) implements ReturnTypeAdapter {

    private static final Log LOG = LogFactory.getLog(LaterResultAdapter.class);

    private static final boolean MVC = isPresent("jakarta.servlet.AsyncListener")
            && isPresent("org.springframework.web.servlet.mvc.method.annotation.StreamingResponseBody");

    /** {@return the adapter of a method that can return such a result; null if its type excludes that} */
    static @Nullable LaterResultAdapter find(AnnotationAttribute origin, Class<?> type) {
        if (!Callable.class.isAssignableFrom(type)
                && type != Object.class
                && !(MVC && LaterResponseType.mayBeLater(type))) {
            return null;
        }
        return new LaterResultAdapter(
                AnnotationAttribute.text(origin.method(), origin.targetClass()), type, new AtomicBoolean());
    }

    /** {@return whether a call ends with the response if its method returns a type} */
    static boolean isFollowed(Class<?> type) {
        return Callable.class.isAssignableFrom(type) || MVC && LaterResponseType.isLater(type);
    }

    /**
     * Returns the type of the value that such a result brings.
     *
     * @return the given type, if it is no such result; {@link ResolvableType#NONE} for a streamed response
     */
    static ResolvableType produced(ResolvableType type) {
        Class<?> raw = type.resolve(Object.class);
        if (Callable.class.isAssignableFrom(raw)) {
            return produced(type.as(Callable.class).getGeneric());
        }
        return MVC ? LaterResponseType.produced(type) : type;
    }

    /** {@return whether a value of this type, or the result it brings, is a streamed response} */
    static boolean isStreamed(ResolvableType type) {
        return type != ResolvableType.NONE && produced(type) == ResolvableType.NONE;
    }

    @Override
    public @Nullable Object invoke(RateLimitedInvocation call) throws Throwable {
        DecidedInvocation decided = call.decide();
        if (!decided.isFollowed()) {
            return decided.run();
        }
        Object result;
        try {
            result = decided.run();
        } catch (Throwable ex) {
            decided.failed(ex);
            throw ex;
        }
        try {
            return followed(result, decided);
        } catch (Throwable ex) {
            decided.abandoned();
            throw ex;
        }
    }

    private @Nullable Object followed(@Nullable Object result, DecidedInvocation decided) {
        if (!(result instanceof Callable<?>) && !(MVC && LaterResponseType.isLater(result))) {
            decided.succeeded(result);
            return result;
        }
        if (MVC && LaterResponse.follow(decided)) {
            return result;
        }
        if (result instanceof Callable<?> task && type.isAssignableFrom(FollowedCallable.class)) {
            warn("ends when its Callable has run, or when nobody can run it any more");
            return new FollowedCallable<>(task, decided);
        }
        warn("ends when it returns, before its result is produced");
        decided.abandoned();
        return result;
    }

    private void warn(String end) {
        if (warned.compareAndSet(false, true)) {
            LOG.warn("A call of " + method + " outside of a request that Spring MVC completes " + end
                    + "; return CompletableFuture if it is not for Spring MVC");
        }
    }

    private static boolean isPresent(String type) {
        return ClassUtils.isPresent(type, LaterResultAdapter.class.getClassLoader());
    }
}
