package io.ratelimit;

import java.util.concurrent.atomic.LongAdder;

/** Counts the decisions of one limit by outcome and source. Shared by all versions of the limit in one registry. */
final class DecisionCounts {

    private static final int SOURCES = DecisionSource.values().length;

    private final LongAdder[] counters = new LongAdder[2 * SOURCES];

    DecisionCounts() {
        for (int i = 0; i < counters.length; i++) {
            counters[i] = new LongAdder();
        }
    }

    void increment(boolean admitted, DecisionSource source) {
        counters[index(admitted, source)].increment();
    }

    long count(boolean admitted, DecisionSource source) {
        return counters[index(admitted, source)].sum();
    }

    private static int index(boolean admitted, DecisionSource source) {
        return source.ordinal() + (admitted ? SOURCES : 0);
    }
}
