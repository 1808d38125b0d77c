package io.ratelimit.benchmarks;

import java.util.function.Function;

/**
 * A row of a table of calls.
 *
 * @param label the label of the row, unique in its table
 * @param opened creates the limiter, and returns a call of it with the given key
 */
record CallContender(String label, Function<String, CheckedCall> opened) implements Contender {

    /** Returns the label as one word, by which JMH passes the contender to its forks. */
    @Override
    public String name() {
        return label.replaceAll("\\W+", "-");
    }

    CheckedCall open(String key) {
        return opened.apply(key);
    }
}
