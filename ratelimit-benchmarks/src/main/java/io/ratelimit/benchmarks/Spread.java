package io.ratelimit.benchmarks;

import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * The spread of one figure over all rounds.
 *
 * @param median the median; the mean of the two middle values if the number of rounds is even
 * @param least the smallest value
 * @param most the largest value
 */
record Spread(double median, double least, double most) {

    static <S> Spread of(List<S> measurements, ToDoubleFunction<S> figure) {
        double[] sorted = measurements.stream().mapToDouble(figure).sorted().toArray();
        return new Spread(
                (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2,
                sorted[0],
                sorted[sorted.length - 1]);
    }
}
