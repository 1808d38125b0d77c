package io.ratelimit;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;

/**
 * Notifies the listeners of a registry. An exception of a listener is logged, as a warning the first time for each
 * class, and affects neither the other listeners nor the call.
 */
final class ListenerNotifier {

    private static final System.Logger LOG = System.getLogger(RateLimitListener.class.getName());

    private final RateLimitListener[] listeners;
    private final Set<Class<?>> failed = ConcurrentHashMap.newKeySet();

    ListenerNotifier(List<? extends RateLimitListener> listeners) {
        this.listeners = List.copyOf(listeners).toArray(RateLimitListener[]::new);
    }

    boolean isEmpty() {
        return listeners.length == 0;
    }

    <T> void tell(T subject, BiConsumer<RateLimitListener, T> event) {
        for (RateLimitListener listener : listeners) {
            try {
                event.accept(listener, subject);
            } catch (Exception | LinkageError | AssertionError ex) {
                boolean first = failed.add(listener.getClass());
                LOG.log(
                        first ? System.Logger.Level.WARNING : System.Logger.Level.DEBUG,
                        "Rate limit listener " + listener.getClass().getName() + " failed; the call is not affected",
                        ex);
            }
        }
    }
}
