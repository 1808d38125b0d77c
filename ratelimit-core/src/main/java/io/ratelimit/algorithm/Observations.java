package io.ratelimit.algorithm;

import java.util.List;

/**
 * The numbers that the algorithms of a decision report about its rates, in the order of the charges and of their
 * limits' rates.
 *
 * <p>Each rate has four numbers. The first is the instant from which its waits count, in ticks; the meaning of the
 * other three belongs to the {@link RateAlgorithm} that wrote them, for instance the level of a token bucket. Stores
 * pass observations on without interpreting them.
 *
 * <p>The numbers of the first rate are fields, so that the observations of most decisions are a single object.
 *
 * <p>Not thread-safe while they are written.
 */
public final class Observations {

    private static final int NUMBERS = 4;
    private static final int INSTANT = 0;
    private static final long[] NO_OTHERS = {};
    private static final Observations NONE = new Observations(NO_OTHERS);

    /** The numbers of the rates after the first. */
    private final long[] others;

    private long instant;
    private long first;
    private long second;
    private long third;

    private Observations(long[] others) {
        this.others = others;
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
        return rates == 0 ? NONE : new Observations(rates == 1 ? NO_OTHERS : new long[NUMBERS * (rates - 1)]);
    }

    /**
     * Creates observations of numbers, such as a remote store replies with.
     *
     * @param numbers four for each rate, in order; copied
     * @return the observations
     * @throws IllegalArgumentException if the number of numbers is not a multiple of four
     */
    public static Observations of(long... numbers) {
        if (numbers.length % NUMBERS != 0) {
            throw new IllegalArgumentException("Invalid observations of " + numbers.length + " numbers: each rate has "
                    + NUMBERS + "; pass all numbers of whole rates");
        }
        Observations observations = ofRates(numbers.length / NUMBERS);
        for (int rate = 0; rate < observations.rates(); rate++) {
            int at = NUMBERS * rate;
            observations.set(rate, numbers[at + INSTANT], numbers[at + 1], numbers[at + 2], numbers[at + 3]);
        }
        return observations;
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
            all.setAll(at, part, 0, part.rates());
            at += part.rates();
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
        Observations copy = ofRates(rates);
        copy.setAll(0, this, from, rates);
        return copy;
    }

    private void setAll(int rate, Observations source, int from, int rates) {
        for (int i = 0; i < rates; i++) {
            int other = from + i;
            set(rate + i, source.instant(other), source.get(other, 1), source.get(other, 2), source.get(other, 3));
        }
    }

    /** {@return how many rates were observed} */
    public int rates() {
        return this == NONE ? 0 : 1 + others.length / NUMBERS;
    }

    /**
     * Returns the instant from which the waits of a rate count.
     *
     * @param rate the index of the rate
     * @return ticks of the rate, by the store's clock
     * @throws IndexOutOfBoundsException if there are fewer rates
     */
    public long instant(int rate) {
        return isFirst(rate) ? instant : others[indexOfOther(rate) + INSTANT];
    }

    /**
     * Returns one of the three numbers that belong to the algorithm, for decisions that keep them elsewhere.
     *
     * @param rate the index of the rate
     * @param number 1, 2 or 3
     * @return the number
     * @throws IndexOutOfBoundsException if there are fewer rates
     */
    public long get(int rate, int number) {
        if (!isFirst(rate)) {
            return others[indexOfOther(rate) + number];
        }
        return number == 1 ? first : number == 2 ? second : third;
    }

    void set(int rate, int number, long value) {
        if (!isFirst(rate)) {
            others[indexOfOther(rate) + number] = value;
        } else if (number == 1) {
            first = value;
        } else if (number == 2) {
            second = value;
        } else {
            third = value;
        }
    }

    void set(int rate, long newInstant, long newFirst, long newSecond, long newThird) {
        if (isFirst(rate)) {
            instant = newInstant;
            first = newFirst;
            second = newSecond;
            third = newThird;
        } else {
            int at = indexOfOther(rate);
            others[at + INSTANT] = newInstant;
            others[at + 1] = newFirst;
            others[at + 2] = newSecond;
            others[at + 3] = newThird;
        }
    }

    void setInstant(int rate, long newInstant) {
        if (isFirst(rate)) {
            instant = newInstant;
        } else {
            others[indexOfOther(rate) + INSTANT] = newInstant;
        }
    }

    private boolean isFirst(int rate) {
        if (this == NONE) {
            throw new IndexOutOfBoundsException("Rate " + rate + " of 0 observed rates");
        }
        return rate == 0;
    }

    private static int indexOfOther(int rate) {
        return NUMBERS * (rate - 1);
    }
}
