package io.ratelimit.metrics;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * The meters of each limit, as they were registered. They are not searched by name and tags, because a
 * {@code MeterFilter} may have changed both. If it makes the meters of several limits one, that meter is removed with
 * the last of these limits. In a composite registry that is only known of filters of the composite itself: its children
 * do not tell which of their meters are one.
 */
final class LimitMeters {

    private final MeterRegistry registry;
    private final Map<String, Set<Meter>> meters = new HashMap<>();
    private final Map<Meter, Set<String>> limits = new HashMap<>();
    private final Map<Meter, LimitSum> sums = new HashMap<>();

    LimitMeters(MeterRegistry registry) {
        this.registry = registry;
    }

    /** Registers a meter of a limit. */
    synchronized <M extends Meter> M register(String limit, Function<MeterRegistry, M> registration) {
        M meter = registration.apply(registry);
        meters.computeIfAbsent(limit, name -> new HashSet<>()).add(meter);
        limits.computeIfAbsent(meter, shared -> new HashSet<>()).add(limit);
        return meter;
    }

    /** Registers a meter that shows a sum, or adds the limit to the sum of the meter that exists. */
    synchronized void registerSum(String limit, LimitSum sum, Function<MeterRegistry, ? extends Meter> registration) {
        Meter meter = register(limit, registration);
        sums.computeIfAbsent(meter, created -> sum).add(limit);
    }

    /** Removes the meters that only this limit uses. */
    synchronized void remove(String limit) {
        Set<Meter> removed = meters.remove(limit);
        if (removed == null) {
            return;
        }
        for (Meter meter : removed) {
            LimitSum sum = sums.get(meter);
            if (sum != null) {
                sum.remove(limit);
            }
            Set<String> others = limits.getOrDefault(meter, new HashSet<>());
            others.remove(limit);
            if (others.isEmpty()) {
                limits.remove(meter);
                sums.remove(meter);
                registry.remove(meter);
            }
        }
    }
}
