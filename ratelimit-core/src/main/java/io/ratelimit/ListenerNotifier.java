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

    private final RateLimitListener[] listeners;
    private final Set<Class<?>> failed = ConcurrentHashMap.newKeySet();

    ListenerNotifier(List<? extends RateLimitListener> listeners) {
        this.listeners = List.copyOf(listeners).toArray(new RateLimitListener[0]);
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
                System.getLogger(RateLimitListener.class.getName())
                        .log(
                                first ? System.Logger.Level.WARNING : System.Logger.Level.DEBUG,
                                "Rate limit listener " + listener.getClass().getName()
                                        + " failed; the call is not affected",
                                ex);
            }
        }
    }
}
