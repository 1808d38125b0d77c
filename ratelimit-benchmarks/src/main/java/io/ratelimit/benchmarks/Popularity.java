package io.ratelimit.benchmarks;

import java.util.Arrays;
import java.util.SplittableRandom;

/** The distribution of calls over keys. */
public enum Popularity {
    /** All keys are used equally often. */
    UNIFORM {
        @Override
        double weight(int rank) {
            return 1;
        }
    },
    /** The key of rank k in proportion to k<sup>-0.99</sup>: of a million, the first gets one call in fifteen. */
    ZIPFIAN {
        @Override
        double weight(int rank) {
            return Math.pow(rank, -0.99);
        }
    };

    abstract double weight(int rank);

    /** Draws the keys of the calls. The order is the same in every run, and popular keys are spread over the array. */
    int[] draw(int calls, int keys) {
        SplittableRandom random = new SplittableRandom(42);
        double[] upTo = new double[keys];
        double sum = 0;
        for (int i = 0; i < keys; i++) {
            sum += weight(i + 1);
            upTo[i] = sum;
        }
        int[] keyOfRank = shuffled(keys, random);
        int[] order = new int[calls];
        for (int i = 0; i < calls; i++) {
            int at = Arrays.binarySearch(upTo, random.nextDouble(sum));
            order[i] = keyOfRank[at < 0 ? -at - 1 : at];
        }
        return order;
    }

    private static int[] shuffled(int size, SplittableRandom random) {
        int[] values = new int[size];
        for (int i = 0; i < size; i++) {
            int other = random.nextInt(i + 1);
            values[i] = values[other];
            values[other] = i;
        }
        return values;
    }
}
