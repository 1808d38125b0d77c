package io.ratelimit.aop;

import java.lang.reflect.Method;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The limited methods of a class that were invoked.
 *
 * <p>A proxy passes the same {@link Method} in all calls, which is found by identity. Another proxy of the class may
 * pass an equal one, which is found by equality.
 */
final class InvokedMethods {

    private final Map<Method, MethodAdvice> equal = new ConcurrentHashMap<>();
    private volatile IdentityHashMap<Method, MethodAdvice> same = new IdentityHashMap<>();

    /** {@return the advice of a method; null if it was not invoked yet} */
    @Nullable MethodAdvice get(Method method) {
        MethodAdvice found = same.get(method);
        return found != null ? found : equal.get(method);
    }

    synchronized void put(Method method, MethodAdvice advice) {
        if (equal.putIfAbsent(method, advice) == null) {
            IdentityHashMap<Method, MethodAdvice> all = new IdentityHashMap<>(same);
            all.put(method, advice);
            same = all;
        }
    }
}
