package io.ratelimit.benchmarks;

import java.util.Locale;

/** How a table compares a contender with a floor. */
enum Comparison {
    /** The time of the contender divided by that of the floor. */
    RATIO {
        @Override
        String heading(String floor) {
            return "× " + floor;
        }

        @Override
        String figure(double nanos, double floorNanos) {
            return String.format(Locale.ROOT, "%.2f", nanos / floorNanos);
        }
    },
    /** The time of the contender beyond that of the floor. */
    DIFFERENCE {
        @Override
        String heading(String floor) {
            return "µs beyond " + floor;
        }

        @Override
        String figure(double nanos, double floorNanos) {
            return String.format(Locale.ROOT, "%.2f", (nanos - floorNanos) / 1000);
        }
    };

    abstract String heading(String floor);

    abstract String figure(double nanos, double floorNanos);
}
