package io.ratelimit;

import java.math.BigDecimal;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * A named limit: one or more rates that must all admit a call, and what happens when they cannot be asked.
 *
 * <pre>{@code
 * Limit search = Limit.of("search", "10/s");
 * Limit report = Limit.named("report").rates("100/1m", "1000/1h burst 200").refill(Refill.INTERVAL).build();
 * }</pre>
 *
 * <p>Immutable; two limits with the same parts are equal.
 */
public final class Limit {

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");

    private final String name;
    private final List<Rate> rates;
    private final Refill refill;
    private final long cost;
    private final OnStoreFailure onStoreFailure;
    private final List<TokenBucket> buckets;

    private Limit(Builder builder) {
        this.name = builder.name;
        this.rates = List.copyOf(builder.rates);
        this.refill = builder.refill;
        this.onStoreFailure = builder.onStoreFailure;
        if (!NAME.matcher(name).matches()) {
            throw new InvalidLimitException(
                    "Invalid limit name \"" + name
                            + "\": use 1 to 64 letters, digits, dots, dashes and underscores, beginning with a letter or digit");
        }
        if (rates.isEmpty()) {
            throw new InvalidLimitException("Limit \"" + name + "\" has no rates; give it one, such as 10/s");
        }
        if (rates.stream().map(Rate::period).distinct().count() < rates.size()) {
            throw new InvalidLimitException("Limit \"" + name + "\" has two rates with the same period in " + rates
                    + "; write one of them over another period, as 100/10s is 10/s burst 100");
        }
        this.buckets = rates.stream().map(rate -> TokenBucket.of(rate, refill)).toList();
        this.cost = cost(builder.cost);
    }

    /**
     * A limit with smooth refill.
     *
     * @param name 1 to 64 letters, digits, dots, dashes and underscores
     * @param rates one or more texts that {@link Rate#parse(String)} reads
     * @return the limit
     * @throws InvalidLimitException if the name or a rate is wrong
     */
    public static Limit of(String name, String... rates) {
        return named(name).rates(rates).build();
    }

    /**
     * Starts a limit.
     *
     * @param name 1 to 64 letters, digits, dots, dashes and underscores
     * @return a builder, to which at least one rate must be given
     */
    public static Builder named(String name) {
        return new Builder(name);
    }

    /** {@return the name, unique in a registry} */
    public String name() {
        return name;
    }

    /** {@return the rates, all of which must admit a call} */
    public List<Rate> rates() {
        return rates;
    }

    /** {@return how the tokens come back} */
    public Refill refill() {
        return refill;
    }

    /** {@return what a call costs that names no cost, in thousandths of a token} */
    public long cost() {
        return cost;
    }

    /** {@return what is answered while the store cannot be asked} */
    public OnStoreFailure onStoreFailure() {
        return onStoreFailure;
    }

    /** {@return the arithmetic of each rate, in the order of {@link #rates()}} */
    public List<TokenBucket> buckets() {
        return buckets;
    }

    /** {@return the largest cost that could ever be admitted, in thousandths of a token} */
    public long capacity() {
        long least = Tokens.MOST_THOUSANDTHS;
        for (TokenBucket bucket : buckets) {
            least = Math.min(least, bucket.capacityThousandths());
        }
        return least;
    }

    @Override
    public boolean equals(Object other) {
        return this == other
                || other instanceof Limit that
                        && name.equals(that.name)
                        && rates.equals(that.rates)
                        && refill == that.refill
                        && cost == that.cost
                        && onStoreFailure == that.onStoreFailure;
    }

    @Override
    public int hashCode() {
        return Objects.hash(name, rates);
    }

    /** The name and the rates: {@code report [100/m, 1000/h burst 200]}. */
    @Override
    public String toString() {
        return name + " " + rates;
    }

    private long cost(BigDecimal tokens) {
        long thousandths;
        try {
            thousandths = Tokens.exactly(tokens);
        } catch (IllegalArgumentException ex) {
            throw new InvalidLimitException("Limit \"" + name + "\" has an invalid cost. " + ex.getMessage());
        }
        if (thousandths > capacity()) {
            throw new InvalidLimitException("Limit \"" + name + "\" has a cost of " + Tokens.text(tokens)
                    + ", but its rates " + rates + " never hold more than " + Tokens.text(capacity())
                    + "; lower the cost or raise the burst");
        }
        return thousandths;
    }

    /** Collects the parts of a {@link Limit}. */
    public static final class Builder {

        private final String name;
        private List<Rate> rates = List.of();
        private Refill refill = Refill.SMOOTH;
        private BigDecimal cost = BigDecimal.ONE;
        private OnStoreFailure onStoreFailure = OnStoreFailure.LOCAL;

        private Builder(String name) {
            this.name = name;
        }

        /**
         * The rates, all of which must admit a call.
         *
         * @param rates one or more, with different periods
         * @return this builder
         */
        public Builder rates(List<Rate> rates) {
            this.rates = rates;
            return this;
        }

        /**
         * The rates, all of which must admit a call.
         *
         * @param rates one or more texts that {@link Rate#parse(String)} reads
         * @return this builder
         * @throws InvalidLimitException if a text is not a rate
         */
        public Builder rates(String... rates) {
            return rates(Arrays.stream(rates).map(Rate::parse).toList());
        }

        /**
         * How the tokens come back.
         *
         * @param refill smooth unless said otherwise
         * @return this builder
         */
        public Builder refill(Refill refill) {
            this.refill = refill;
            return this;
        }

        /**
         * What a call costs that names no cost.
         *
         * @param cost tokens, one unless said otherwise; zero is free
         * @return this builder
         */
        public Builder cost(BigDecimal cost) {
            this.cost = cost;
            return this;
        }

        /**
         * What is answered while the store cannot be asked.
         *
         * @param policy local unless said otherwise
         * @return this builder
         */
        public Builder onStoreFailure(OnStoreFailure policy) {
            this.onStoreFailure = policy;
            return this;
        }

        /**
         * Makes the limit.
         *
         * @return the limit
         * @throws InvalidLimitException if the name is wrong, there is no rate, two rates have the same period, a rate
         *     cannot be counted exactly, or the cost could never be admitted
         */
        public Limit build() {
            return new Limit(this);
        }
    }
}
