package io.ratelimit.metrics;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * Sums a number over the limits of one meter. That is one limit, unless a {@code MeterFilter} of the application makes
 * the meters of several limits one.
 */
final class LimitSum {

    private final ToDoubleFunction<String> number;
    private final boolean keepRemoved;
    private final Map<String, Double> lastRead = new HashMap<>();
    private double removed;

    private LimitSum(ToDoubleFunction<String> number, boolean keepRemoved) {
        this.number = number;
        this.keepRemoved = keepRemoved;
    }

    /**
     * Creates an empty sum that never decreases: what was read last for a limit stays in it when the limit is removed,
     * and while it is being removed.
     */
    static LimitSum ofCounts(ToDoubleFunction<String> count) {
        return new LimitSum(count, true);
    }

    /** Creates an empty sum of what there is now. */
    static LimitSum ofLevels(ToDoubleFunction<String> level) {
        return new LimitSum(level, false);
    }

    synchronized void add(String limit) {
        lastRead.putIfAbsent(limit, 0.0);
    }

    synchronized void remove(String limit) {
        Double last = lastRead.remove(limit);
        if (keepRemoved && last != null) {
            removed += last;
        }
    }

    /** Reads the numbers without a lock, because reading one may wait for the limits to be created. */
    double value() {
        Map<String, Double> read = new HashMap<>();
        for (String limit : limits()) {
            read.put(limit, number.applyAsDouble(limit));
        }
        return sum(read);
    }

    private synchronized List<String> limits() {
        return List.copyOf(lastRead.keySet());
    }

    private synchronized double sum(Map<String, Double> read) {
        lastRead.replaceAll((limit, last) -> {
            double now = read.getOrDefault(limit, last);
            return keepRemoved ? Math.max(last, now) : now;
        });
        return removed + lastRead.values().stream().mapToDouble(value -> value).sum();
    }
}
