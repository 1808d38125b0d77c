package io.ratelimit.benchmarks;

/** A limiter or floor under test: one row of a table. Implemented by enums, so that JMH can pass it to its forks. */
interface Contender {

    /** {@return the name of the enum constant} */
    String name();

    /** {@return the label of the row} */
    String label();
}
