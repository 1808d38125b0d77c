package io.ratelimit.aop;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;
import org.springframework.core.task.TaskDecorator;
import org.springframework.core.task.support.ContextPropagatingTaskDecorator;
import org.springframework.util.ClassUtils;

/**
 * Propagates what is bound to the thread of a call: the logging context and, if Micrometer's context propagation is on
 * the class path, everything registered with it, such as security and observations.
 */
final class ThreadContextPropagator implements TaskDecorator {

    private final boolean logging = isPresent("org.slf4j.MDC");
    private final @Nullable TaskDecorator registered =
            isPresent("io.micrometer.context.ContextSnapshotFactory") ? new ContextPropagatingTaskDecorator() : null;

    @Override
    public Runnable decorate(Runnable task) {
        Runnable logged = logging ? Logging.around(task) : task;
        return registered == null ? logged : registered.decorate(logged);
    }

    private static boolean isPresent(String type) {
        return ClassUtils.isPresent(type, ThreadContextPropagator.class.getClassLoader());
    }

    /** Loaded only if SLF4J is on the class path. */
    private static final class Logging {

        static Runnable around(Runnable task) {
            Map<String, String> own = MDC.getCopyOfContextMap();
            return () -> {
                Map<String, String> before = MDC.getCopyOfContextMap();
                set(own);
                try {
                    task.run();
                } finally {
                    set(before);
                }
            };
        }

        private static void set(@Nullable Map<String, String> values) {
            if (values == null) {
                MDC.clear();
            } else {
                MDC.setContextMap(values);
            }
        }
    }
}
