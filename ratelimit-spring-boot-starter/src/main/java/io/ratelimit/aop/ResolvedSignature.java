package io.ratelimit.aop;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import org.springframework.core.ResolvableType;

/** The name of a method and its parameter types, with the type variables resolved for a class. */
record ResolvedSignature(String name, List<Class<?>> parameters) {

    static ResolvedSignature of(Method method, Class<?> seenFrom) {
        Class<?>[] erased = method.getParameterTypes();
        List<Class<?>> parameters = new ArrayList<>(erased.length);
        for (int i = 0; i < erased.length; i++) {
            parameters.add(
                    ResolvableType.forMethodParameter(method, i, seenFrom).resolve(erased[i]));
        }
        return new ResolvedSignature(method.getName(), parameters);
    }
}
