package io.ratelimit;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/** Who hears of limits and decisions; one that fails harms neither the others nor the call. */
final class Listeners {

    private static final System.Logger LOG = System.getLogger(RateLimiters.class.getName());

    private final List<RateLimitListener> listeners;
    private final boolean empty;
    private final Set<Class<?>> failed = ConcurrentHashMap.newKeySet();

    Listeners(List<? extends RateLimitListener> listeners) {
        this.listeners = List.copyOf(listeners);
        this.empty = listeners.isEmpty();
    }

    boolean isEmpty() {
        return empty;
    }

    void tell(Consumer<RateLimitListener> event) {
        for (RateLimitListener listener : listeners) {
            try {
                event.accept(listener);
            } catch (Exception | LinkageError | AssertionError ex) {
                boolean first = failed.add(listener.getClass());
                LOG.log(
                        first ? System.Logger.Level.WARNING : System.Logger.Level.DEBUG,
                        "A rate limit listener failed: " + listener.getClass().getName(),
                        ex);
            }
        }
    }
}
