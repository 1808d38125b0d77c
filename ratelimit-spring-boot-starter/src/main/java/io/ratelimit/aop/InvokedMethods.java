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

    private final Map<Method, MethodAdvice> byEquality = new ConcurrentHashMap<>();
    private volatile IdentityHashMap<Method, MethodAdvice> byIdentity = new IdentityHashMap<>();

    /** {@return the advice of a method; null if it was not invoked yet} */
    @Nullable MethodAdvice get(Method method) {
        MethodAdvice found = byIdentity.get(method);
        return found != null ? found : byEquality.get(method);
    }

    synchronized void put(Method method, MethodAdvice advice) {
        if (byEquality.putIfAbsent(method, advice) == null) {
            IdentityHashMap<Method, MethodAdvice> all = new IdentityHashMap<>(byIdentity);
            all.put(method, advice);
            byIdentity = all;
        }
    }
}
