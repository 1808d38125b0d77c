package io.ratelimit.aop;

import java.lang.reflect.Method;
import org.jspecify.annotations.Nullable;
import org.springframework.util.ClassUtils;
import org.springframework.util.ReflectionUtils;

/**
 * Recognizes the mocks and spies that tests put in the place of beans. Only Mockito itself knows them: its inline mocks
 * have the very class that they stand for. It is asked by reflection, because applications do not have it.
 */
final class MockDetector {

    private final @Nullable Class<?> mockito;

    /**
     * Creates a detector.
     *
     * @param loader the loader of the beans; it is searched once, because a missing class is looked for in every jar
     */
    MockDetector(@Nullable ClassLoader loader) {
        String name = "org.mockito.Mockito";
        mockito = ClassUtils.isPresent(name, loader) ? ClassUtils.resolveClassName(name, loader) : null;
    }

    /** {@return whether an object is a mock or a spy of Mockito} */
    boolean isMock(Object object) {
        if (mockito == null) {
            return false;
        }
        Object details = call(mockito, "mockingDetails", null, object);
        return details != null && Boolean.TRUE.equals(call(mockingDetails(mockito), "isMock", details));
    }

    private static Class<?> mockingDetails(Class<?> mockito) {
        return ClassUtils.resolveClassName("org.mockito.MockingDetails", mockito.getClassLoader());
    }

    private static @Nullable Object call(Class<?> type, String name, @Nullable Object receiver, Object... arguments) {
        Class<?>[] parameters = arguments.length == 0 ? new Class<?>[0] : new Class<?>[] {Object.class};
        Method method = ReflectionUtils.findMethod(type, name, parameters);
        return method == null ? null : ReflectionUtils.invokeMethod(method, receiver, arguments);
    }
}
