package io.ratelimit.benchmarks;

import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * One figure in all rounds.
 *
 * @param median of the rounds; the mean of the two in the middle where their number is even
 * @param least of them
 * @param most of them
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
