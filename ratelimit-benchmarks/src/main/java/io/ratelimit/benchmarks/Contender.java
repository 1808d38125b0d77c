package io.ratelimit.benchmarks;

/** One row of a table; {@code enum} constants, so that JMH can name them to its forks. */
interface Contender {

    /** The constant's name. */
    String name();

    /** What the row is called. */
    String label();
}
