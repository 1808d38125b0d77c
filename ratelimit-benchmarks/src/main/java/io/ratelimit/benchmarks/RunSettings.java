package io.ratelimit.benchmarks;

import java.time.Duration;

/**
 * How long a run takes and what of it is wanted.
 *
 * @param measured how long each contender is measured in each round, after a warm-up
 * @param rounds how often
 * @param only a part of the titles that are wanted; empty for all
 */
record RunSettings(Duration measured, int rounds, String only) {

    /**
     * Checks the settings.
     *
     * @throws IllegalArgumentException if nothing would be measured
     */
    RunSettings {
        if (measured.isNegative() || measured.isZero() || rounds < 1) {
            throw new IllegalArgumentException("Nothing is measured in " + rounds + " rounds of " + measured
                    + "; use at least one round of more than 0 seconds");
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
