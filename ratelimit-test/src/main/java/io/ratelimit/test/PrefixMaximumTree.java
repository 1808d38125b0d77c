package io.ratelimit.test;

/** A segment tree over a row of numbers, which raises a prefix or returns its maximum in logarithmic time. */
final class PrefixMaximumTree {

    private final int leaves;
    /** The maximum below each node, without the amounts added to the nodes above it. */
    private final double[] maximum;
    /** The amount added to all numbers below each node. */
    private final double[] added;

    PrefixMaximumTree(int size) {
        this.leaves = Math.max(1, Integer.highestOneBit(2 * size - 1));
        this.maximum = new double[2 * leaves];
        this.added = new double[2 * leaves];
        java.util.Arrays.fill(maximum, Double.NEGATIVE_INFINITY);
    }

    void set(int index, double value) {
        int node = leaves + index;
        maximum[node] = value;
        for (node /= 2; node > 0; node /= 2) {
            maximum[node] = Math.max(maximum[2 * node], maximum[2 * node + 1]) + added[node];
        }
    }

    void addUpTo(int last, double amount) {
        add(1, 0, leaves - 1, last, amount);
    }

    double maximumUpTo(int last) {
        return maximum(1, 0, leaves - 1, last);
    }

    private void add(int node, int from, int to, int last, double amount) {
        if (from > last) {
            return;
        }
        if (to <= last) {
            maximum[node] += amount;
            added[node] += amount;
            return;
        }
        int middle = (from + to) / 2;
        add(2 * node, from, middle, last, amount);
        add(2 * node + 1, middle + 1, to, last, amount);
        maximum[node] = Math.max(maximum[2 * node], maximum[2 * node + 1]) + added[node];
    }

    private double maximum(int node, int from, int to, int last) {
        if (from > last) {
            return Double.NEGATIVE_INFINITY;
        }
        if (to <= last) {
            return maximum[node];
        }
        int middle = (from + to) / 2;
        return Math.max(maximum(2 * node, from, middle, last), maximum(2 * node + 1, middle + 1, to, last))
                + added[node];
    }
}
