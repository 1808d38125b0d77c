package io.ratelimit.benchmarks;

/** A limiter or floor under test: one row of a table. */
interface Contender {

    /** {@return the name by which JMH passes the contender to its forks, as that of an enum constant} */
    String name();

    /** {@return the label of the row} */
    String label();
}
