package io.ratelimit;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;

/** Who hears of limits and decisions; one that fails harms neither the others nor the call. */
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

    <T> void tell(T news, BiConsumer<RateLimitListener, T> event) {
        for (RateLimitListener listener : listeners) {
            try {
                event.accept(listener, news);
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
