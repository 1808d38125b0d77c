package io.ratelimit.aop;

import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.springframework.core.ResolvableType;
import org.springframework.http.HttpEntity;
import org.springframework.web.context.request.async.DeferredResult;
import org.springframework.web.context.request.async.WebAsyncTask;
import org.springframework.web.servlet.mvc.method.annotation.ResponseBodyEmitter;
import org.springframework.web.servlet.mvc.method.annotation.StreamingResponseBody;

/** The return types whose response Spring MVC produces after the method returned. Loaded only if it is present. */
final class LaterResponseType {

    private static final List<Class<?>> COMPUTED = List.of(Callable.class, WebAsyncTask.class, DeferredResult.class);
    private static final List<Class<?>> STREAMED = List.of(StreamingResponseBody.class, ResponseBodyEmitter.class);

    private LaterResponseType() {}

    /** {@return whether the response of a type is always produced later} */
    static boolean isLater(Class<?> type) {
        return isAny(COMPUTED, type) || isAny(STREAMED, type);
    }

    /** {@return whether the response of a value is produced later} */
    static boolean isLater(@Nullable Object result) {
        Object body = result instanceof HttpEntity<?> entity ? entity.getBody() : result;
        return body != null && isLater(body.getClass());
    }

    /** {@return whether a method with a return type can return such a value} */
    static boolean mayBeLater(Class<?> type) {
        return isLater(type)
                || HttpEntity.class.isAssignableFrom(type)
                || type.isAssignableFrom(HttpEntity.class)
                || COMPUTED.stream().anyMatch(type::isAssignableFrom)
                || STREAMED.stream().anyMatch(type::isAssignableFrom);
    }

    /** See {@link LaterResultAdapter#produced}. */
    static ResolvableType produced(ResolvableType type) {
        Class<?> raw = type.resolve(Object.class);
        for (Class<?> computed : COMPUTED) {
            if (computed.isAssignableFrom(raw)) {
                return produced(type.as(computed).getGeneric());
            }
        }
        Class<?> body = HttpEntity.class.isAssignableFrom(raw)
                ? type.as(HttpEntity.class).getGeneric().resolve(Object.class)
                : raw;
        return isAny(STREAMED, body) ? ResolvableType.NONE : type;
    }

    private static boolean isAny(List<Class<?>> types, Class<?> type) {
        return types.stream().anyMatch(later -> later.isAssignableFrom(type));
    }
}
