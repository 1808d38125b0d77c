package io.ratelimit.algorithm;

import java.util.Arrays;
import java.util.List;

/**
 * The numbers that the algorithms of a decision report about its rates, in the order of the charges and of their
 * limits' rates.
 *
 * <p>Each rate has four numbers. The first is the instant from which its waits count, in ticks; the meaning of the
 * other three belongs to the {@link RateAlgorithm} that wrote them, for instance the level of a token bucket. Stores
 * pass observations on without interpreting them.
 *
 * <p>Not thread-safe while they are written.
 */
public final class Observations {

    private static final int NUMBERS = 4;
    private static final int INSTANT = 0;
    private static final Observations NONE = new Observations(new long[0]);

    private final long[] numbers;

    private Observations(long[] numbers) {
        this.numbers = numbers;
    }

    /** {@return observations of no rates, for a decision for which no bucket was read} */
    public static Observations none() {
        return NONE;
    }

    /**
     * Creates observations with all numbers zero, to be written later.
     *
     * @param rates the number of rates, zero or more
     * @return the observations
     */
    public static Observations ofRates(int rates) {
        return new Observations(new long[NUMBERS * rates]);
    }

    /**
     * Wraps the numbers that a remote store replied with.
     *
     * @param numbers four for each rate, in order; not copied
     * @return the observations
     * @throws IllegalArgumentException if the number of numbers is not a multiple of four
     */
    public static Observations of(long... numbers) {
        if (numbers.length % NUMBERS != 0) {
            throw new IllegalArgumentException("Invalid observations of " + numbers.length + " numbers: each rate has "
                    + NUMBERS + "; pass all numbers of whole rates");
        }
        return new Observations(numbers);
    }

    /**
     * Joins observations.
     *
     * @param parts observations in order
     * @return a copy of all of them
     */
    public static Observations join(List<Observations> parts) {
        Observations all = ofRates(parts.stream().mapToInt(Observations::rates).sum());
        int at = 0;
        for (Observations part : parts) {
            System.arraycopy(part.numbers, 0, all.numbers, at, part.numbers.length);
            at += part.numbers.length;
        }
        return all;
    }

    /**
     * Copies the observations of some rates.
     *
     * @param from the index of the first rate
     * @param rates how many rates to copy
     * @return the copy
     * @throws IndexOutOfBoundsException if there are fewer rates
     */
    public Observations copyOf(int from, int rates) {
        if (from < 0 || rates < 0 || from + rates > rates()) {
            throw new IndexOutOfBoundsException(
                    "Rates " + from + " to " + (from + rates) + " of " + rates() + " observed rates");
        }
        return new Observations(Arrays.copyOfRange(numbers, NUMBERS * from, NUMBERS * (from + rates)));
    }

    /** {@return how many rates were observed} */
    public int rates() {
        return numbers.length / NUMBERS;
    }

    /**
     * Returns the instant from which the waits of a rate count.
     *
     * @param rate the index of the rate
     * @return ticks of the rate, by the store's clock
     */
    public long instant(int rate) {
        return numbers[NUMBERS * rate + INSTANT];
    }

    /**
     * Returns one of the three numbers that belong to the algorithm, for decisions that keep them elsewhere.
     *
     * @param rate the index of the rate
     * @param number 1, 2 or 3
     * @return the number
     */
    public long get(int rate, int number) {
        return numbers[NUMBERS * rate + number];
    }

    void set(int rate, int number, long value) {
        numbers[NUMBERS * rate + number] = value;
    }

    void set(int rate, long instant, long first, long second, long third) {
        int at = NUMBERS * rate;
        numbers[at + INSTANT] = instant;
        numbers[at + 1] = first;
        numbers[at + 2] = second;
        numbers[at + 3] = third;
    }

    void setInstant(int rate, long instant) {
        numbers[NUMBERS * rate + INSTANT] = instant;
    }
}
