package io.ratelimit.benchmarks;

import java.time.Duration;

/**
 * The settings of a run.
 *
 * @param measured the time for which each contender is measured in each round, after a warm-up
 * @param rounds the number of rounds
 * @param only a text that the titles of the wanted tables contain; empty for all tables
 */
record RunSettings(Duration measured, int rounds, String only) {

    /**
     * Checks the settings.
     *
     * @throws IllegalArgumentException if nothing would be measured
     */
    RunSettings {
        if (measured.isNegative() || measured.isZero() || rounds < 1) {
            throw new IllegalArgumentException("Invalid settings: " + rounds + " rounds of " + measured
                    + " measure nothing; use at least one round of more than 0 seconds");
        }
    }

    static RunSettings of(String seconds, String rounds, String only) {
        Duration measured = Duration.ofNanos((long) (Double.parseDouble(seconds) * 1e9));
        return new RunSettings(measured, Integer.parseInt(rounds), only);
    }

    boolean wants(String title) {
        return title.contains(only);
    }
}
